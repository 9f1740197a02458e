INSERT INTO payment.account_kind (kind, guarded, personal) VALUES ('exchange_reserve', true, false);

CREATE TABLE payment.exchange_rate (
    rate_id         uuid PRIMARY KEY,
    base            text NOT NULL REFERENCES payment.currency,
    quote           text NOT NULL REFERENCES payment.currency,
    value_e10       bigint NOT NULL CHECK (value_e10 > 0),
    spread_bp       integer NOT NULL CHECK (spread_bp BETWEEN 0 AND 5000),
    source          text NOT NULL CHECK (length(source) BETWEEN 1 AND 100),
    effective_from  timestamptz NOT NULL,
    effective_until timestamptz CHECK (effective_until > effective_from),
    set_by          uuid,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (base <> quote AND (base = 'VIBE' OR (quote <> 'VIBE' AND base COLLATE "C" < quote COLLATE "C"))),
    UNIQUE (base, quote, effective_from)
);
COMMENT ON TABLE payment.exchange_rate IS 'Rates with the time from which each is good; a pair is always written one way round.';
COMMENT ON COLUMN payment.exchange_rate.value_e10 IS
    'Whole units of the quote currency for one whole unit of the base, in ten-thousand-millionths; the middle.';
COMMENT ON COLUMN payment.exchange_rate.spread_bp IS 'What the platform keeps of every exchange, in basis points.';

CREATE TABLE payment.exchange_quote (
    quote_id      uuid PRIMARY KEY,
    user_id       uuid NOT NULL,
    sell_currency text NOT NULL REFERENCES payment.currency,
    sell          bigint NOT NULL CHECK (sell > 0),
    buy_currency  text NOT NULL REFERENCES payment.currency,
    buy           bigint NOT NULL CHECK (buy > 0),
    rate_id       uuid NOT NULL REFERENCES payment.exchange_rate,
    quoted_at     timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL CHECK (expires_at > quoted_at),
    CHECK (sell_currency <> buy_currency AND buy_currency <> 'VIBE')
);
COMMENT ON TABLE payment.exchange_quote IS 'What was offered to a person; it stands until it expires.';

CREATE TABLE payment.exchange (
    quote_id       uuid PRIMARY KEY REFERENCES payment.exchange_quote,
    user_id        uuid NOT NULL,
    transaction_id uuid NOT NULL UNIQUE REFERENCES payment.transaction,
    executed_at    timestamptz NOT NULL
);
COMMENT ON TABLE payment.exchange IS 'Quotes that were carried out, each once.';
CREATE INDEX exchange_of_person ON payment.exchange (user_id, executed_at);

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.exchange_rate
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.exchange_quote
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.exchange
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.exchange_rate
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.exchange_quote
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.exchange
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();

GRANT SELECT, INSERT ON payment.exchange_rate, payment.exchange_quote, payment.exchange TO vibestream_app;
