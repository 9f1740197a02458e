-- What became of captured payments, and what had to be given back. One row per payment is what makes "at most once" true
-- across every purpose; the ledger's key makes it true for the posting itself.
CREATE TABLE payment.settlement (
    payment_id     uuid PRIMARY KEY,
    user_id        uuid NOT NULL,
    destination    text NOT NULL CHECK (destination IN ('wallet', 'tip', 'subscription')),
    subject        text NOT NULL CHECK (length(subject) <= 100),
    currency       text NOT NULL REFERENCES payment.currency,
    amount         bigint NOT NULL CHECK (amount > 0),
    returned       bigint NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND amount),
    transaction_id uuid NOT NULL UNIQUE REFERENCES payment.transaction,
    dispute_hold   uuid REFERENCES payment.hold,
    settled_at     timestamptz NOT NULL
);
COMMENT ON TABLE payment.settlement IS 'Where the escrow of each captured payment went, once; share and campaign purchases stay in it.';
COMMENT ON COLUMN payment.settlement.destination IS 'Where it really went: a payment that nobody waits for any more goes to its payer''s wallet.';
COMMENT ON COLUMN payment.settlement.returned IS 'How much of it is no longer with us: refunds, asked for or not, and lost disputes.';
COMMENT ON COLUMN payment.settlement.dispute_hold IS 'What is held of the wallet while the payer''s bank disputes a top-up.';
CREATE INDEX settlement_of_user ON payment.settlement (user_id, settled_at DESC);

CREATE TABLE payment.give_back (
    key            text PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 200),
    payment_id     uuid NOT NULL REFERENCES payment.settlement,
    reason         text NOT NULL CHECK (reason IN ('refund_asked', 'refund_unasked', 'dispute_lost')),
    wanted         bigint NOT NULL CHECK (wanted > 0),
    counted        bigint NOT NULL CHECK (counted BETWEEN 0 AND wanted),
    taken          bigint NOT NULL CHECK (taken >= 0),
    owed           bigint NOT NULL CHECK (owed >= 0),
    transaction_id uuid UNIQUE REFERENCES payment.transaction,
    at             timestamptz NOT NULL,
    restored_at    timestamptz CHECK (reason = 'dispute_lost' OR restored_at IS NULL),
    CHECK (taken + owed <= counted),
    CHECK ((taken + owed > 0) = (transaction_id IS NOT NULL))
);
COMMENT ON TABLE payment.give_back IS 'Each time that some of a settled payment left again, and who bore it; the rest is a loss of ours.';
COMMENT ON COLUMN payment.give_back.key IS 'The fact: refund:<refund id>, or dispute:<id of the news of its loss>.';
COMMENT ON COLUMN payment.give_back.counted IS 'What of it was still with us: a payment that was refunded and then lost as well is one payment.';
COMMENT ON COLUMN payment.give_back.taken IS 'Taken from where the payment had gone; nothing when we asked for the refund, since it was taken then.';
COMMENT ON COLUMN payment.give_back.owed IS 'Carried forward against a payee who had it already.';
COMMENT ON COLUMN payment.give_back.restored_at IS 'When a dispute that had been lost was won after all, and what was taken went back.';
CREATE INDEX give_back_of_payment ON payment.give_back (payment_id);

GRANT SELECT, INSERT ON payment.settlement, payment.give_back TO vibestream_app;
GRANT UPDATE (restored_at) ON payment.give_back TO vibestream_app;
GRANT UPDATE (returned, dispute_hold) ON payment.settlement TO vibestream_app;

CREATE TABLE payment.top_up_policy (
    currency       text NOT NULL REFERENCES payment.currency,
    effective_from timestamptz NOT NULL,
    minimum        bigint NOT NULL CHECK (minimum > 0),
    maximum        bigint NOT NULL CHECK (maximum >= minimum),
    PRIMARY KEY (currency, effective_from)
);
COMMENT ON TABLE payment.top_up_policy IS 'Currencies that wallets are topped up in, and the bounds of one top-up in minor units; the latest in effect counts.';
INSERT INTO payment.top_up_policy (currency, effective_from, minimum, maximum) VALUES
    ('USD', '2026-01-01T00:00:00Z', 500, 50000),
    ('EUR', '2026-01-01T00:00:00Z', 500, 50000),
    ('GBP', '2026-01-01T00:00:00Z', 500, 50000),
    ('USDC', '2026-01-01T00:00:00Z', 5000000, 500000000);
GRANT SELECT ON payment.top_up_policy TO vibestream_app;
