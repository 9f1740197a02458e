CREATE TABLE payment.tip_policy (
    currency          text NOT NULL REFERENCES payment.currency,
    effective_from    timestamptz NOT NULL,
    minimum           bigint NOT NULL CHECK (minimum > 0),
    maximum           bigint NOT NULL CHECK (maximum >= minimum),
    platform_share_bp integer NOT NULL CHECK (platform_share_bp BETWEEN 0 AND 10000),
    PRIMARY KEY (currency, effective_from)
);
COMMENT ON TABLE payment.tip_policy IS 'Bounds of a tip in minor units and what the platform keeps of it, in basis points; the latest that is in effect counts.';
INSERT INTO payment.tip_policy (currency, effective_from, minimum, maximum, platform_share_bp) VALUES
    ('USD', '2026-01-01T00:00:00Z', 100, 50000, 500),
    ('EUR', '2026-01-01T00:00:00Z', 100, 50000, 500),
    ('GBP', '2026-01-01T00:00:00Z', 100, 50000, 500),
    ('USDC', '2026-01-01T00:00:00Z', 1000000, 500000000, 500);

CREATE TABLE payment.tip_artist (
    artist_id uuid PRIMARY KEY,
    user_id   uuid NOT NULL,
    name      text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    as_of     timestamptz NOT NULL
);
COMMENT ON TABLE payment.tip_artist IS 'Which account an artist''s tips belong to, and the name to show: a replica of what the user context announced.';

CREATE TABLE payment.tip (
    tip_id         uuid PRIMARY KEY,
    from_user      uuid NOT NULL,
    artist_id      uuid NOT NULL,
    payee          uuid NOT NULL CHECK (payee <> from_user),
    currency       text NOT NULL REFERENCES payment.currency,
    amount         bigint NOT NULL CHECK (amount > 0),
    platform_share bigint NOT NULL CHECK (platform_share BETWEEN 0 AND amount),
    message        text NOT NULL CHECK (char_length(message) <= 280),
    state          text NOT NULL CHECK (state IN ('waiting', 'paid', 'abandoned', 'returned')),
    from_wallet    bigint NOT NULL CHECK (from_wallet BETWEEN 0 AND amount),
    payment_id     uuid UNIQUE,
    hold_id        uuid UNIQUE REFERENCES payment.hold,
    transaction_id uuid UNIQUE REFERENCES payment.transaction,
    returned       bigint NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND amount),
    made_at        timestamptz NOT NULL,
    paid_at        timestamptz,
    CHECK ((payment_id IS NULL) = (from_wallet = amount)),
    CHECK ((state IN ('paid', 'returned')) = (transaction_id IS NOT NULL)),
    CHECK ((paid_at IS NULL) = (transaction_id IS NULL)),
    CHECK ((state = 'returned') <= (returned = amount))
);
COMMENT ON TABLE payment.tip IS 'What a fan gave an artist.';
COMMENT ON COLUMN payment.tip.platform_share IS 'What the platform keeps, fixed when the tip was made.';
COMMENT ON COLUMN payment.tip.from_wallet IS 'How much of it the wallet pays; the payment pays the rest.';
COMMENT ON COLUMN payment.tip.returned IS 'How much of it went back, whoever wanted that.';
CREATE INDEX tip_of_fan ON payment.tip (from_user, tip_id DESC);
CREATE INDEX tip_of_payee ON payment.tip (payee, tip_id DESC) WHERE transaction_id IS NOT NULL;

GRANT SELECT ON payment.tip_policy TO vibestream_app;
GRANT SELECT, INSERT, UPDATE ON payment.tip_artist TO vibestream_app;
GRANT SELECT, INSERT ON payment.tip TO vibestream_app;
GRANT UPDATE (state, transaction_id, paid_at, returned) ON payment.tip TO vibestream_app;
