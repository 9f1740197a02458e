CREATE TABLE payment.balance_snapshot (
    account_id uuid NOT NULL REFERENCES payment.account,
    up_to      bigint NOT NULL CHECK (up_to >= 0),
    balance    numeric(38, 0) NOT NULL,
    taken_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account_id, up_to)
);
COMMENT ON TABLE payment.balance_snapshot IS
    'The sum of all entries of an append-only account up to a position, so that its balance is this and a short tail.';
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.balance_snapshot
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.balance_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();

CREATE TABLE payment.position_mark (
    position bigint NOT NULL,
    xid      xid8 NOT NULL
);
COMMENT ON TABLE payment.position_mark IS
    'A position, and a transaction id that is higher than of every transaction that was given that position or a lower '
    'one. Once all transactions below that id have ended, nothing more can appear up to the position.';

-- Positions are given out before their entries become visible, so the highest visible one says nothing about gaps below
-- it. Hence two steps, in different calls: mark the highest position given out, and only afterwards take an id of our
-- own, which is then higher than the id of whoever was given a position so far (post() has its id before it asks for
-- positions); in a later call, when every transaction below that id has ended, sum up to the mark.
CREATE FUNCTION payment.take_snapshots(least_entries integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    given_out bigint;
    settled bigint;
    taken integer;
BEGIN
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RAISE EXCEPTION 'snapshots are taken first in a transaction of their own'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    given_out := coalesce(pg_sequence_last_value(pg_get_serial_sequence('payment.entry', 'position')::regclass), 0);
    PERFORM pg_current_xact_id();
    LOCK TABLE payment.position_mark IN EXCLUSIVE MODE;
    SELECT max(m.position) INTO settled
    FROM payment.position_mark m WHERE m.xid <= pg_snapshot_xmin(pg_current_snapshot());
    INSERT INTO payment.balance_snapshot (account_id, up_to, balance)
    SELECT account.id, settled, last.balance + tail.amount
    FROM payment.account account
    JOIN payment.account_kind kind ON kind.kind = account.kind AND NOT kind.guarded
    CROSS JOIN LATERAL (
        SELECT coalesce(max(s.up_to), 0) AS up_to, coalesce(max(s.balance), 0) AS balance
        FROM (
            SELECT x.up_to, x.balance FROM payment.balance_snapshot x
            WHERE x.account_id = account.id ORDER BY x.up_to DESC LIMIT 1
        ) AS s
    ) AS last
    CROSS JOIN LATERAL (
        SELECT count(*) AS entries, sum(e.amount) AS amount FROM payment.entry e
        WHERE e.account_id = account.id AND e.position > last.up_to AND e.position <= settled
    ) AS tail
    WHERE tail.entries >= greatest(least_entries, 1);
    GET DIAGNOSTICS taken = ROW_COUNT;
    DELETE FROM payment.position_mark m WHERE m.position <= settled;
    INSERT INTO payment.position_mark (position, xid) VALUES (given_out, pg_current_xact_id());
    RETURN taken;
END $$;
COMMENT ON FUNCTION payment.take_snapshots IS
    'Mark the present position; take a snapshot of each append-only account with at least so many settled entries since '
    'its last one, and return how many were taken.';

CREATE VIEW payment.account_balance AS
SELECT
    account.id, account.kind, account.subject, account.currency, kind.guarded, kind.personal,
    CASE WHEN kind.guarded THEN balance.posted::numeric ELSE last.balance + tail.amount END AS posted,
    CASE WHEN balance.held > 0 THEN (
        SELECT coalesce(sum(h.amount), 0) FROM payment.hold h
        WHERE h.account_id = account.id AND h.state = 'pending' AND h.expires_at > statement_timestamp()
    ) ELSE 0 END AS held
FROM payment.account account
JOIN payment.account_kind kind ON kind.kind = account.kind
LEFT JOIN payment.balance balance ON balance.account_id = account.id
-- The conditions stand inside the subqueries, where they keep the entries of guarded accounts from being read at all.
CROSS JOIN LATERAL (
    SELECT coalesce(max(s.up_to), 0) AS up_to, coalesce(max(s.balance), 0) AS balance
    FROM (
        SELECT x.up_to, x.balance FROM payment.balance_snapshot x
        WHERE x.account_id = account.id AND NOT kind.guarded ORDER BY x.up_to DESC LIMIT 1
    ) AS s
) AS last
CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.amount), 0) AS amount FROM payment.entry e
    WHERE e.account_id = account.id AND e.position > last.up_to AND NOT kind.guarded
) AS tail;
COMMENT ON VIEW payment.account_balance IS
    'What each account holds, and how much of it is set aside by holds that stand now; expired ones count no more.';
