CREATE TABLE payment.transaction (
    id              uuid PRIMARY KEY,
    idempotency_key text NOT NULL UNIQUE CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    request_hash    bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    kind            text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    details         jsonb NOT NULL CHECK (jsonb_typeof(details) = 'object'),
    reverses        uuid REFERENCES payment.transaction,
    effective_at    timestamptz,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id()
);
COMMENT ON COLUMN payment.transaction.idempotency_key IS 'The business fact that it records; kept for ever.';
COMMENT ON COLUMN payment.transaction.request_hash IS 'What was asked for under the key: payment.request_hash().';
COMMENT ON COLUMN payment.transaction.effective_at IS 'When the fact happened; null: when it was recorded.';
COMMENT ON COLUMN payment.transaction.xid IS 'The database transaction that wrote it: no other one may add entries.';
CREATE UNIQUE INDEX transaction_reversed_once ON payment.transaction (reverses) WHERE reverses IS NOT NULL;

-- transaction_id and account_id have no foreign keys: the trigger below checks both for all entries of a statement at
-- once, rows of both tables are never deleted, and a foreign key would share-lock the row of a busy account.
CREATE TABLE payment.entry (
    transaction_id uuid NOT NULL,
    account_id     uuid NOT NULL,
    position       bigint GENERATED ALWAYS AS IDENTITY,
    amount         bigint NOT NULL CHECK (amount <> 0 AND amount >= -9223372036854775807),
    balance_after  bigint,
    line           integer NOT NULL CHECK (line > 0),
    PRIMARY KEY (transaction_id, line)
);
COMMENT ON TABLE payment.entry IS 'The legs of transactions, in minor units: positive is credit, what the account gains.';
COMMENT ON COLUMN payment.entry.position IS
    'Ascends as entries are written, which is not the order in which they become visible; see payment.take_snapshots().';
COMMENT ON COLUMN payment.entry.balance_after IS 'Of a guarded account; null on append-only ones.';
CREATE INDEX entry_of_account ON payment.entry (account_id, position);

CREATE FUNCTION payment.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rows of payment.% are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.account
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.transaction
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.entry
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept BEFORE DELETE ON payment.balance
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.account
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.transaction
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.entry
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.balance
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();

-- Checked once per statement, because a transaction may have tens of thousands of legs. That the header was written by
-- the same database transaction is checked too: otherwise a balanced pair could be added to an old transaction.
-- OFFSET 0 and the planner's settings: see payment.post().
CREATE FUNCTION payment.require_balanced() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    unbalanced boolean;
    apart boolean;
BEGIN
    SELECT bool_or(leg.currency IS NULL OR leg.total <> 0), bool_or(header.xid IS DISTINCT FROM pg_current_xact_id())
    INTO unbalanced, apart
    FROM (
        SELECT e.transaction_id, account.currency, sum(e.amount) AS total FROM added e
        LEFT JOIN LATERAL (SELECT a.currency FROM payment.account a WHERE a.id = e.account_id OFFSET 0) AS account ON true
        GROUP BY e.transaction_id, account.currency
    ) AS leg
    LEFT JOIN LATERAL (SELECT t.xid FROM payment.transaction t WHERE t.id = leg.transaction_id OFFSET 0) AS header ON true;
    IF unbalanced THEN
        RAISE EXCEPTION 'the legs of a transaction sum to zero in each currency, on accounts that exist'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'balanced';
    END IF;
    IF apart THEN
        RAISE EXCEPTION 'the legs of a transaction are written together with its header'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'written_together';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER balanced AFTER INSERT ON payment.entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION payment.require_balanced();
