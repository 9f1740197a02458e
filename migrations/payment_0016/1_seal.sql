-- Which transactions are settled is asked by their transaction ids; prefixes of keys are what operators look for.
CREATE INDEX transaction_by_xid ON payment.transaction (xid);
CREATE INDEX transaction_by_key_prefix ON payment.transaction (idempotency_key text_pattern_ops);
CREATE INDEX account_by_kind ON payment.account (kind, subject, currency);

CREATE TABLE payment.seal (
    number    bigint PRIMARY KEY CHECK (number > 0),
    first     bigint NOT NULL UNIQUE CHECK (first >= 0),
    size      bigint NOT NULL UNIQUE CHECK (size > first),
    root      bytea NOT NULL CHECK (octet_length(root) = 32),
    previous  bytea NOT NULL CHECK (octet_length(previous) = 32),
    sealed_at timestamptz NOT NULL,
    key_id    text NOT NULL CHECK (length(key_id) BETWEEN 1 AND 100),
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    settled   xid8 NOT NULL
);
COMMENT ON TABLE payment.seal IS 'Signed heads of the Merkle tree over the ledger''s transactions.';
COMMENT ON COLUMN payment.seal.first IS 'Leaves that the seals before hold.';
COMMENT ON COLUMN payment.seal.size IS 'Leaves in the tree.';
COMMENT ON COLUMN payment.seal.previous IS 'Digest of what was signed in the seal before; zeros in the first.';
COMMENT ON COLUMN payment.seal.settled IS
    'Every transaction with a lower id is sealed: where the next seal begins to look. Not signed.';

CREATE TABLE payment.sealed (
    leaf           bigint PRIMARY KEY CHECK (leaf >= 0),
    transaction_id uuid NOT NULL UNIQUE,
    hash           bytea NOT NULL CHECK (octet_length(hash) = 32)
);
COMMENT ON TABLE payment.sealed IS 'The leaves of the tree: each transaction''s place, for ever, and its hash.';

CREATE TABLE payment.seal_node (
    level smallint NOT NULL CHECK (level > 0 AND level % 8 = 0),
    place bigint NOT NULL CHECK (place >= 0),
    hash  bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, place)
);
COMMENT ON TABLE payment.seal_node IS
    'Roots of the complete subtrees of 256, 65,536, ... leaves: 1/255 of the leaves, so that a proof reads hundreds of '
    'hashes and not all. What they say is found again from the leaves.';

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.seal
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.sealed
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON payment.seal_node
    FOR EACH ROW EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.seal
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.sealed
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON payment.seal_node
    FOR EACH STATEMENT EXECUTE FUNCTION payment.refuse_change();

-- Hashes and signature are made by the application, which has the key; that they are right is for the audit to find.
-- What is checked here is that the chain has no gap, that leaves are transactions that stand, and that none is passed
-- over: identity and commit come in different orders, so "all below" is true only below the lowest id that still runs.
CREATE FUNCTION payment.append_seal(
    number bigint, first bigint, size bigint, root bytea, previous bytea, sealed_at timestamptz, key_id text,
    signature bytea, settled xid8, transactions uuid[], hashes bytea[], levels smallint[], places bigint[], nodes bytea[]
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last payment.seal;
    standing bigint;
BEGIN
    LOCK TABLE payment.seal IN EXCLUSIVE MODE;
    SELECT s.* INTO last FROM payment.seal s ORDER BY s.number DESC LIMIT 1;
    IF append_seal.number <> coalesce(last.number, 0) + 1 THEN
        RETURN false;
    END IF;
    IF append_seal.first <> coalesce(last.size, 0)
        OR append_seal.size <> append_seal.first + cardinality(transactions)
        OR cardinality(transactions) <> cardinality(hashes)
        OR cardinality(levels) <> cardinality(places) OR cardinality(levels) <> cardinality(nodes)
    THEN
        RAISE EXCEPTION 'the leaves of a seal follow those of the one before' USING ERRCODE = 'check_violation';
    END IF;
    IF append_seal.settled > pg_snapshot_xmin(pg_current_snapshot()) THEN
        RAISE EXCEPTION 'transactions that still run are not settled' USING ERRCODE = 'check_violation';
    END IF;
    SELECT count(*) INTO standing
    FROM unnest(transactions) AS wanted (id)
    JOIN payment.transaction t ON t.id = wanted.id AND t.xid <> pg_current_xact_id();
    IF standing <> cardinality(transactions) THEN
        RAISE EXCEPTION 'only transactions that stand are sealed' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO payment.sealed (leaf, transaction_id, hash)
    SELECT append_seal.first + new.ordinality - 1, new.id, new.hash
    FROM unnest(transactions, hashes) WITH ORDINALITY AS new (id, hash, ordinality);
    IF EXISTS (
        SELECT FROM payment.transaction t
        WHERE t.xid >= coalesce(last.settled, '0'::xid8) AND t.xid < append_seal.settled
            AND NOT EXISTS (SELECT FROM payment.sealed s WHERE s.transaction_id = t.id)
    ) THEN
        RAISE EXCEPTION 'a settled transaction is passed over' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO payment.seal_node (level, place, hash)
    SELECT new.level, new.place, new.hash FROM unnest(levels, places, nodes) AS new (level, place, hash);
    INSERT INTO payment.seal (number, first, size, root, previous, sealed_at, key_id, signature, settled)
    VALUES (
        append_seal.number, append_seal.first, append_seal.size, append_seal.root, append_seal.previous,
        append_seal.sealed_at, append_seal.key_id, append_seal.signature, append_seal.settled
    );
    RETURN true;
END $$;
COMMENT ON FUNCTION payment.append_seal IS
    'Add the next seal with its leaves; false when another session added one with this number.';

REVOKE ALL ON FUNCTION payment.append_seal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION payment.append_seal TO vibestream_app;
GRANT SELECT ON payment.seal, payment.sealed, payment.seal_node TO vibestream_app;
