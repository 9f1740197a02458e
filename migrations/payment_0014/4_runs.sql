CREATE TABLE payment.royalty_pool (
    month          date NOT NULL REFERENCES payment.royalty_month,
    currency       text NOT NULL REFERENCES payment.currency,
    gross          bigint NOT NULL CHECK (gross > 0),
    fees           bigint NOT NULL CHECK (fees >= 0),
    pool           bigint NOT NULL CHECK (pool >= 0),
    pool_share_bp  integer NOT NULL CHECK (pool_share_bp BETWEEN 0 AND 10000),
    policy_version integer NOT NULL REFERENCES payment.royalty_policy,
    closed_by      uuid,
    closed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    transaction_id uuid NOT NULL UNIQUE REFERENCES payment.transaction,
    PRIMARY KEY (month, currency),
    CHECK (pool <= gross)
);
COMMENT ON TABLE payment.royalty_pool IS 'What subscribers paid for a month, what of it the gateways took, and what is shared.';

CREATE TABLE payment.royalty_revenue (
    month         date NOT NULL,
    currency      text NOT NULL,
    subscriber_id uuid NOT NULL,
    gross         bigint NOT NULL CHECK (gross >= 0),
    fees          bigint NOT NULL CHECK (fees >= 0),
    listeners     uuid[] NOT NULL CHECK (cardinality(listeners) > 0),
    PRIMARY KEY (month, currency, subscriber_id),
    FOREIGN KEY (month, currency) REFERENCES payment.royalty_pool
);
COMMENT ON COLUMN payment.royalty_revenue.listeners IS 'Whose listening the fee pays for: the subscriber, or a family.';

CREATE TABLE payment.royalty_run (
    id                      uuid PRIMARY KEY,
    month                   date NOT NULL,
    currency                text NOT NULL,
    number                  integer NOT NULL CHECK (number > 0),
    engine                  text NOT NULL CHECK (engine IN ('pro_rata', 'user_centric')),
    policy_version          integer NOT NULL REFERENCES payment.royalty_policy,
    usage_hash              bytea NOT NULL CHECK (octet_length(usage_hash) = 32),
    statements_root         bytea NOT NULL CHECK (octet_length(statements_root) = 32),
    pool                    bigint NOT NULL CHECK (pool > 0),
    unallocated             bigint NOT NULL CHECK (unallocated BETWEEN 0 AND pool),
    made_by                 uuid,
    made_at                 timestamptz NOT NULL,
    transaction_id          uuid NOT NULL UNIQUE REFERENCES payment.transaction,
    reversal_transaction_id uuid UNIQUE REFERENCES payment.transaction,
    reversed_at             timestamptz,
    UNIQUE (month, currency, number),
    FOREIGN KEY (month, currency) REFERENCES payment.royalty_pool,
    CHECK ((reversed_at IS NULL) = (reversal_transaction_id IS NULL))
);
COMMENT ON TABLE payment.royalty_run IS 'A pool shared out, in one ledger transaction. A correction is a reversal and another run.';
CREATE UNIQUE INDEX royalty_run_stands_once ON payment.royalty_run (month, currency) WHERE reversed_at IS NULL;

CREATE TABLE payment.royalty_exclusion (
    run_id      uuid NOT NULL REFERENCES payment.royalty_run,
    number      integer NOT NULL,
    listener_id uuid,
    track_id    uuid,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
    PRIMARY KEY (run_id, number),
    CHECK (listener_id IS NOT NULL OR track_id IS NOT NULL)
);
COMMENT ON TABLE payment.royalty_exclusion IS 'Artificial listens that a run did not count: of a listener, of a track, or of both.';

CREATE TABLE payment.royalty_share (
    run_id       uuid NOT NULL REFERENCES payment.royalty_run,
    payee_id     uuid NOT NULL,
    position     integer NOT NULL CHECK (position >= 0),
    pro_rata     bigint NOT NULL CHECK (pro_rata >= 0),
    user_centric bigint NOT NULL CHECK (user_centric >= 0),
    earned       bigint NOT NULL CHECK (earned >= 0),
    recouped     bigint NOT NULL CHECK (recouped >= 0),
    country      text,
    rate_bp      integer NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
    withheld     bigint NOT NULL CHECK (withheld >= 0),
    repaid       bigint NOT NULL CHECK (repaid >= 0),
    payable      bigint NOT NULL CHECK (payable >= 0),
    leaf_hash    bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    PRIMARY KEY (run_id, payee_id),
    UNIQUE (run_id, position),
    CHECK (earned = recouped + withheld + repaid + payable)
);
COMMENT ON COLUMN payment.royalty_share.position IS 'Which leaf of the run''s tree of statements is this payee''s.';
COMMENT ON COLUMN payment.royalty_share.leaf_hash IS
    'The hash of the payee''s statement; the root over all of them stands in the details of the run''s transaction.';
CREATE INDEX royalty_share_of_payee ON payment.royalty_share (payee_id);

CREATE TABLE payment.royalty_line (
    run_id       uuid NOT NULL REFERENCES payment.royalty_run,
    payee_id     uuid NOT NULL,
    track_id     uuid NOT NULL,
    heard_month  date NOT NULL,
    share_bp     integer NOT NULL CHECK (share_bp BETWEEN 1 AND 10000),
    listens      bigint NOT NULL CHECK (listens >= 0),
    counted      bigint NOT NULL CHECK (counted BETWEEN 0 AND listens),
    track_earned bigint NOT NULL CHECK (track_earned >= 0),
    pro_rata     bigint NOT NULL CHECK (pro_rata >= 0),
    user_centric bigint NOT NULL CHECK (user_centric >= 0),
    PRIMARY KEY (run_id, payee_id, track_id, heard_month)
);
COMMENT ON TABLE payment.royalty_line IS 'A line of a statement: what a payee earns by a track, by either engine.';

CREATE TABLE payment.royalty_reversal_request (
    run_id      uuid PRIMARY KEY REFERENCES payment.royalty_run,
    asked_by    uuid NOT NULL,
    asked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    approved_by uuid,
    approved_at timestamptz,
    CONSTRAINT four_eyes CHECK (approved_by <> asked_by),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

CREATE FUNCTION payment.reverse_run_once() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.reversed_at IS NOT NULL OR NEW.reversed_at IS NULL
        OR to_jsonb(OLD) - 'reversed_at' - 'reversal_transaction_id'
            <> to_jsonb(NEW) - 'reversed_at' - 'reversal_transaction_id'
        OR NOT EXISTS (
            SELECT FROM payment.royalty_reversal_request r WHERE r.run_id = NEW.id AND r.approved_by IS NOT NULL)
        OR NOT EXISTS (
            SELECT FROM payment.transaction t
            WHERE t.id = NEW.reversal_transaction_id AND t.reverses = NEW.transaction_id)
    THEN
        RAISE EXCEPTION 'a run changes once: when its transaction is reversed, as two people decided'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reversed_once BEFORE UPDATE ON payment.royalty_run
    FOR EACH ROW EXECUTE FUNCTION payment.reverse_run_once();
CREATE FUNCTION payment.approve_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.approved_by IS NOT NULL OR NEW.approved_by IS NULL
        OR (OLD.run_id, OLD.asked_by, OLD.asked_at, OLD.reason)
            IS DISTINCT FROM (NEW.run_id, NEW.asked_by, NEW.asked_at, NEW.reason)
    THEN
        RAISE EXCEPTION 'a request is approved once, as it was asked' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved_once BEFORE UPDATE ON payment.royalty_reversal_request
    FOR EACH ROW EXECUTE FUNCTION payment.approve_once();

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['royalty_pool', 'royalty_revenue', 'royalty_exclusion', 'royalty_share', 'royalty_line'] LOOP
        EXECUTE format('CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.%I '
            'FOR EACH ROW EXECUTE FUNCTION payment.refuse_change()', kept);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY['royalty_run', 'royalty_reversal_request'] LOOP
        EXECUTE format('CREATE TRIGGER kept BEFORE DELETE ON payment.%I '
            'FOR EACH ROW EXECUTE FUNCTION payment.refuse_change()', kept);
    END LOOP;
END $$;
