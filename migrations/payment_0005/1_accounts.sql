CREATE SCHEMA payment;
GRANT USAGE ON SCHEMA payment TO vibestream_app;

CREATE TABLE payment.currency (
    code     text PRIMARY KEY CHECK (code ~ '^[A-Z]{3,5}$'),
    exponent smallint NOT NULL CHECK (exponent BETWEEN 0 AND 18)
);
COMMENT ON TABLE payment.currency IS 'The currencies of kernel.money, so that no account can be in another.';
INSERT INTO payment.currency (code, exponent) VALUES
    ('AUD', 2), ('BRL', 2), ('CAD', 2), ('CHF', 2), ('CLP', 0), ('COP', 2), ('DKK', 2), ('EUR', 2), ('GBP', 2),
    ('INR', 2), ('JPY', 0), ('KRW', 0), ('KWD', 3), ('MXN', 2), ('NOK', 2), ('NZD', 2), ('PLN', 2), ('SEK', 2),
    ('TND', 3), ('USD', 2), ('USDC', 6), ('VIBE', 4);

CREATE TABLE payment.account_kind (
    kind     text PRIMARY KEY CHECK (kind ~ '^[a-z_]{1,40}$'),
    guarded  boolean NOT NULL,
    personal boolean NOT NULL
);
COMMENT ON TABLE payment.account_kind IS 'The chart of accounts: what kinds there are, and how each is kept.';
COMMENT ON COLUMN payment.account_kind.guarded IS
    'May not go below zero, holds included, and therefore has a row in payment.balance that its postings take turns on. '
    'The others are append-only: no row is shared between their postings, so they never wait for each other.';
COMMENT ON COLUMN payment.account_kind.personal IS 'Belongs to one person, whose id is the subject of the account.';
INSERT INTO payment.account_kind (kind, guarded, personal) VALUES
    ('wallet', true, true),
    ('wallet_pending', true, true),
    ('reward_pool', true, false),
    ('issuance', false, false),
    ('liquidity', false, false);

CREATE TABLE payment.account (
    id        uuid PRIMARY KEY,
    kind      text NOT NULL REFERENCES payment.account_kind,
    subject   text NOT NULL CHECK (length(subject) <= 100),
    currency  text NOT NULL REFERENCES payment.currency,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (subject, kind, currency)
);
COMMENT ON TABLE payment.account IS 'One account: a kind, what or whom it is about, and one currency, for ever.';

-- Apart from the account, because it is all that changes: narrow rows with room beside them are updated in place.
CREATE TABLE payment.balance (
    account_id uuid PRIMARY KEY REFERENCES payment.account,
    posted     bigint NOT NULL DEFAULT 0,
    held       bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    CONSTRAINT no_overdraft CHECK (posted - held >= 0)
) WITH (fillfactor = 70);
COMMENT ON TABLE payment.balance IS 'The sum of the entries and of the pending holds of each guarded account.';

CREATE FUNCTION payment.open_accounts(ids uuid[], kinds text[], subjects text[], currencies text[]) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(kinds, subjects) AS asked (kind, subject) JOIN payment.account_kind k ON k.kind = asked.kind
        WHERE k.personal AND asked.subject !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
    ) THEN
        RAISE EXCEPTION 'the subject of a personal account is the id of its owner' USING ERRCODE = 'check_violation';
    END IF;
    -- In the order of the unique index, so that two sessions that open the same accounts cannot deadlock.
    INSERT INTO payment.account (id, kind, subject, currency)
    SELECT asked.id, asked.kind, asked.subject, asked.currency
    FROM unnest(ids, kinds, subjects, currencies) AS asked (id, kind, subject, currency)
    ORDER BY asked.subject, asked.kind, asked.currency
    ON CONFLICT (subject, kind, currency) DO NOTHING;
    INSERT INTO payment.balance (account_id)
    SELECT opened.id FROM payment.account opened JOIN payment.account_kind k ON k.kind = opened.kind
    WHERE opened.id = ANY(ids) AND k.guarded
    ON CONFLICT (account_id) DO NOTHING;
    RETURN QUERY
        SELECT opened.id
        FROM unnest(kinds, subjects, currencies) WITH ORDINALITY AS asked (kind, subject, currency, place)
        CROSS JOIN LATERAL (
            SELECT a.id FROM payment.account a
            WHERE a.subject = asked.subject AND a.kind = asked.kind AND a.currency = asked.currency OFFSET 0
        ) AS opened
        ORDER BY asked.place;
END $$;
COMMENT ON FUNCTION payment.open_accounts IS 'Open those accounts that do not exist, and return the id of each, in order.';
