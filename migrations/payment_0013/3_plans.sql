CREATE TABLE payment.plan (
    code       text PRIMARY KEY CHECK (code ~ '^[a-z_]{1,20}$'),
    rank       smallint NOT NULL UNIQUE CHECK (rank >= 0),
    name       text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 40),
    max_kbps   integer NOT NULL CHECK (max_kbps > 0),
    lossless   boolean NOT NULL,
    seats      smallint NOT NULL CHECK (seats >= 1),
    trial_days smallint NOT NULL CHECK (trial_days >= 0)
);
COMMENT ON TABLE payment.plan IS 'What can be subscribed to, and what it entitles to. The plan of rank 0 is everybody''s who has no other.';
COMMENT ON COLUMN payment.plan.seats IS 'How many accounts share it, its owner included.';
INSERT INTO payment.plan (code, rank, name, max_kbps, lossless, seats, trial_days) VALUES
    ('free', 0, 'Free', 160, false, 1, 0),
    ('premium', 1, 'Premium', 320, true, 1, 30),
    ('family', 2, 'Family', 320, true, 6, 30);

CREATE TABLE payment.plan_price (
    plan           text NOT NULL REFERENCES payment.plan,
    cycle          text NOT NULL CHECK (cycle IN ('monthly', 'yearly')),
    currency       text NOT NULL REFERENCES payment.currency,
    effective_from timestamptz NOT NULL,
    amount         bigint NOT NULL CHECK (amount > 0),
    least_charge   bigint NOT NULL CHECK (least_charge > 0),
    PRIMARY KEY (plan, cycle, currency, effective_from)
);
COMMENT ON TABLE payment.plan_price IS 'Prices in minor units, by when they take effect: the latest in effect counts. A price is never edited; a new one follows it.';
COMMENT ON COLUMN payment.plan_price.least_charge IS 'The smallest amount that gateways take in this currency.';
INSERT INTO payment.plan_price (plan, cycle, currency, effective_from, amount, least_charge) VALUES
    ('premium', 'monthly', 'USD', '2026-01-01T00:00:00Z', 1099, 50),
    ('premium', 'yearly', 'USD', '2026-01-01T00:00:00Z', 10990, 50),
    ('family', 'monthly', 'USD', '2026-01-01T00:00:00Z', 1699, 50),
    ('family', 'yearly', 'USD', '2026-01-01T00:00:00Z', 16990, 50),
    ('premium', 'monthly', 'EUR', '2026-01-01T00:00:00Z', 999, 50),
    ('premium', 'yearly', 'EUR', '2026-01-01T00:00:00Z', 9990, 50),
    ('family', 'monthly', 'EUR', '2026-01-01T00:00:00Z', 1599, 50),
    ('family', 'yearly', 'EUR', '2026-01-01T00:00:00Z', 15990, 50),
    ('premium', 'monthly', 'USDC', '2026-01-01T00:00:00Z', 10990000, 1000000),
    ('premium', 'yearly', 'USDC', '2026-01-01T00:00:00Z', 109900000, 1000000),
    ('family', 'monthly', 'USDC', '2026-01-01T00:00:00Z', 16990000, 1000000),
    ('family', 'yearly', 'USDC', '2026-01-01T00:00:00Z', 169900000, 1000000);

GRANT SELECT ON payment.plan, payment.plan_price TO vibestream_app;
