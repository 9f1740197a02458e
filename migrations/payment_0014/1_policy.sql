CREATE TABLE payment.royalty_policy (
    version            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    effective_from     date NOT NULL CHECK (extract(day FROM effective_from) = 1),
    engine             text NOT NULL CHECK (engine IN ('pro_rata', 'user_centric')),
    pool_share_bp      integer NOT NULL CHECK (pool_share_bp BETWEEN 0 AND 10000),
    least_listens      integer NOT NULL CHECK (least_listens >= 0),
    most_per_track     integer CHECK (most_per_track > 0),
    most_per_listener  integer CHECK (most_per_listener > 0),
    subscribers_only   boolean NOT NULL,
    idle               text NOT NULL CHECK (idle IN ('spread', 'unallocated')),
    hold_days          integer NOT NULL CHECK (hold_days BETWEEN 0 AND 365),
    made_by            uuid,
    made_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    note               text NOT NULL CHECK (length(note) BETWEEN 1 AND 500)
);
COMMENT ON TABLE payment.royalty_policy IS
    'How royalties are shared, as data: of a month counts the highest version among those with the latest effective_from '
    'that is not after it. Rows are never changed, so that an old run can always be reckoned again.';
COMMENT ON COLUMN payment.royalty_policy.least_listens IS 'A track that counted fewer listens in the month earns nothing.';
COMMENT ON COLUMN payment.royalty_policy.most_per_track IS 'More listens of one track by one listener count no more.';
COMMENT ON COLUMN payment.royalty_policy.most_per_listener IS 'Listens of one listener above this are scaled down to it.';
COMMENT ON COLUMN payment.royalty_policy.idle IS
    'User-centric: the fee of a subscriber of whom nothing counted is spread over the others by fee, or left unallocated.';
INSERT INTO payment.royalty_policy
    (effective_from, engine, pool_share_bp, least_listens, most_per_track, most_per_listener, subscribers_only, idle,
     hold_days, note)
VALUES ('2020-01-01', 'user_centric', 7000, 1, 1000, 20000, true, 'spread', 14, 'The policy that a new platform starts with.');

CREATE TABLE payment.withholding_rate (
    country        text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    effective_from date NOT NULL CHECK (extract(day FROM effective_from) = 1),
    rate_bp        integer NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
    made_by        uuid,
    made_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (country, effective_from)
);
COMMENT ON TABLE payment.withholding_rate IS
    'What part of a payee''s royalties is withheld for the tax office of the payee''s country; none without a row.';

CREATE TABLE payment.royalty_payee (
    payee_id   uuid NOT NULL,
    country    text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    since      date NOT NULL CHECK (extract(day FROM since) = 1),
    made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (payee_id, since)
);
COMMENT ON TABLE payment.royalty_payee IS 'Where a payee is taxed, from which month on.';

CREATE TABLE payment.royalty_advance (
    id             uuid PRIMARY KEY,
    payee_id       uuid NOT NULL,
    currency       text NOT NULL REFERENCES payment.currency,
    amount         bigint NOT NULL CHECK (amount > 0),
    note           text NOT NULL CHECK (length(note) BETWEEN 1 AND 500),
    granted_by     uuid NOT NULL CHECK (granted_by <> payee_id),
    granted_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    transaction_id uuid NOT NULL UNIQUE REFERENCES payment.transaction
);
COMMENT ON TABLE payment.royalty_advance IS 'Money given to a payee before it was earned; what is not recouped stands in the ledger.';

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.royalty_policy
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.withholding_rate
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.royalty_payee
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.royalty_advance
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
