CREATE TABLE payment.hold (
    id              uuid PRIMARY KEY,
    idempotency_key text NOT NULL UNIQUE CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    account_id      uuid NOT NULL REFERENCES payment.balance,
    amount          bigint NOT NULL CHECK (amount > 0),
    reason          text NOT NULL CHECK (length(reason) BETWEEN 1 AND 100),
    placed_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at      timestamptz NOT NULL CHECK (expires_at > placed_at),
    state           text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'captured', 'voided', 'expired')),
    resolved_at     timestamptz,
    captured        bigint CHECK (captured BETWEEN 1 AND amount),
    captured_by     uuid UNIQUE REFERENCES payment.transaction,
    CHECK ((state = 'pending') = (resolved_at IS NULL)),
    CHECK ((state = 'captured') = (captured IS NOT NULL)),
    CHECK ((captured IS NULL) = (captured_by IS NULL))
);
COMMENT ON TABLE payment.hold IS
    'Money set aside on a guarded account. A pending hold counts in payment.balance.held until it is resolved, once; '
    'one whose time is over counts no more for anybody who reads, and is resolved when somebody next writes.';
CREATE INDEX hold_pending_of_account ON payment.hold (account_id) WHERE state = 'pending';
CREATE INDEX hold_pending_by_expiry ON payment.hold (expires_at) WHERE state = 'pending';

CREATE FUNCTION payment.resolve_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.state <> 'pending' OR NEW.state = 'pending'
        OR (OLD.id, OLD.idempotency_key, OLD.account_id, OLD.amount, OLD.reason, OLD.placed_at, OLD.expires_at)
        IS DISTINCT FROM
           (NEW.id, NEW.idempotency_key, NEW.account_id, NEW.amount, NEW.reason, NEW.placed_at, NEW.expires_at)
    THEN
        RAISE EXCEPTION 'a hold changes once, from pending to how it was resolved' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER resolved_once BEFORE UPDATE ON payment.hold FOR EACH ROW EXECUTE FUNCTION payment.resolve_once();
CREATE TRIGGER immutable BEFORE DELETE ON payment.hold FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.hold FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();

-- Holds change only while their account's row in payment.balance is locked, so whoever has that lock sees them settled.
-- The clock is the database's: two servers whose clocks differ must not disagree about whether a hold still stands.

CREATE FUNCTION payment.release_expired(accounts uuid[]) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    released integer;
BEGIN
    WITH due AS (
        UPDATE payment.hold SET state = 'expired', resolved_at = clock_timestamp()
        WHERE account_id = ANY(accounts) AND state = 'pending' AND expires_at <= clock_timestamp()
        RETURNING account_id, amount
    ), freed AS (
        UPDATE payment.balance SET held = held - sums.amount
        FROM (SELECT account_id, sum(amount) AS amount FROM due GROUP BY account_id) AS sums
        WHERE balance.account_id = sums.account_id
    )
    SELECT count(*) INTO released FROM due;
    RETURN released;
END $$;
COMMENT ON FUNCTION payment.release_expired IS 'Resolve the holds whose time is over; the caller has locked the balances.';

CREATE FUNCTION payment.place_hold(
    hold_id uuid, key text, account uuid, currency text, amount bigint, expires_at timestamptz, reason text,
    OUT outcome text, OUT placed_as uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    balance payment.balance;
    known payment.hold;
    actual_currency text;
    instant timestamptz;
BEGIN
    PERFORM FROM payment.balance b WHERE b.account_id = account FOR NO KEY UPDATE;
    SELECT h.* INTO known FROM payment.hold h WHERE h.idempotency_key = key;
    IF FOUND THEN
        placed_as := known.id;
        outcome := CASE WHEN (known.account_id, known.amount, known.reason) = (account, amount, reason)
            THEN 'replayed' ELSE 'key_reused' END;
        RETURN;
    END IF;
    PERFORM payment.release_expired(ARRAY[account]);
    instant := clock_timestamp();
    SELECT b.* INTO balance FROM payment.balance b WHERE b.account_id = account;
    SELECT a.currency INTO actual_currency FROM payment.account a WHERE a.id = account;
    outcome := CASE
        WHEN actual_currency IS NULL THEN 'unknown_account'
        WHEN actual_currency <> currency THEN 'currency_mismatch'
        WHEN balance IS NULL THEN 'not_guarded'
        WHEN expires_at <= instant THEN 'hold_expired'
        WHEN balance.posted - balance.held < amount THEN 'insufficient_funds'
        ELSE 'placed'
    END;
    IF outcome <> 'placed' THEN
        RETURN;
    END IF;
    INSERT INTO payment.hold (id, idempotency_key, account_id, amount, placed_at, expires_at, reason)
    VALUES (hold_id, key, account, amount, instant, expires_at, reason)
    ON CONFLICT (idempotency_key) DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another session is using the same key' USING ERRCODE = 'serialization_failure';
    END IF;
    UPDATE payment.balance b SET held = b.held + amount WHERE b.account_id = account;
    placed_as := hold_id;
END $$;
COMMENT ON FUNCTION payment.place_hold IS 'Set an amount aside, once per key, when the account has that much to spare.';

CREATE FUNCTION payment.void_hold(hold_id uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_hold payment.hold;
BEGIN
    SELECT h.* INTO found_hold FROM payment.hold h WHERE h.id = hold_id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM FROM payment.balance b WHERE b.account_id = found_hold.account_id FOR NO KEY UPDATE;
    PERFORM payment.release_expired(ARRAY[found_hold.account_id]);
    UPDATE payment.hold h SET state = 'voided', resolved_at = clock_timestamp()
    WHERE h.id = hold_id AND h.state = 'pending';
    IF FOUND THEN
        UPDATE payment.balance b SET held = b.held - found_hold.amount WHERE b.account_id = found_hold.account_id;
    END IF;
    RETURN (SELECT h.state FROM payment.hold h WHERE h.id = hold_id);
END $$;
COMMENT ON FUNCTION payment.void_hold IS 'Give a pending hold back; return how the hold is now, null when there is none.';

CREATE FUNCTION payment.expire_holds(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    accounts uuid[];
BEGIN
    SELECT array_agg(locked.account_id) INTO accounts FROM (
        SELECT b.account_id FROM payment.balance b
        WHERE b.account_id IN (
            SELECT h.account_id FROM payment.hold h
            WHERE h.state = 'pending' AND h.expires_at <= clock_timestamp() ORDER BY h.expires_at LIMIT most
        )
        ORDER BY b.account_id FOR NO KEY UPDATE SKIP LOCKED
    ) AS locked;
    RETURN payment.release_expired(accounts);
END $$;
COMMENT ON FUNCTION payment.expire_holds IS
    'Resolve holds whose time is over, on accounts that nobody is busy with; return how many.';
