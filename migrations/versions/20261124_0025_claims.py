"""Receipts of listens, the epochs that they stand in, and claims upon them."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Create the tables. No column of a claim is one of a receipt or a listener, and none may be joined to one."""
    op.execute("""
    ALTER TABLE listen_reward.reward
        ADD COLUMN way text NOT NULL DEFAULT 'direct' CHECK (way IN ('direct', 'receipt')),
        ADD UNIQUE (listen_id, way);
    COMMENT ON COLUMN listen_reward.reward.way IS
        'How a listen is paid: into the wallet of the account, or by a claim. One of them, because a listen has one row.';

    CREATE TABLE listen_reward.identity (
        user_id uuid NOT NULL,
        from_epoch date NOT NULL,
        commitment bytea NOT NULL UNIQUE CHECK (length(commitment) = 32),
        PRIMARY KEY (user_id, from_epoch)
    );
    COMMENT ON TABLE listen_reward.identity IS 'What a listener is known by in receipts, from an epoch on, until the next row.';
    GRANT SELECT, INSERT, UPDATE ON listen_reward.identity TO vibestream_app;

    CREATE TABLE listen_reward.receipt_epoch (
        epoch date PRIMARY KEY,
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closing', 'closed')),
        leaves integer NOT NULL DEFAULT 0 CHECK (leaves BETWEEN 0 AND 1048576),
        listens integer NOT NULL DEFAULT 0 CHECK (listens BETWEEN 0 AND leaves),
        per_listen bigint CHECK (per_listen >= 0),
        root bytea CHECK (length(root) = 32),
        closed_at timestamptz,
        claimable_until timestamptz,
        key_id text,
        signature bytea CHECK (length(signature) = 64),
        returned_at timestamptz,
        CHECK ((state = 'open') = (per_listen IS NULL)),
        CHECK ((state = 'closed') = (root IS NOT NULL)),
        CHECK (num_nulls(root, closed_at, claimable_until, key_id, signature) IN (0, 5)),
        CHECK (returned_at IS NULL OR state = 'closed')
    ) WITH (fillfactor = 50);
    GRANT SELECT, INSERT, UPDATE ON listen_reward.receipt_epoch TO vibestream_app;

    CREATE FUNCTION listen_reward.closed_is_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (OLD.epoch, OLD.state, OLD.leaves, OLD.root, OLD.signature)
            IS DISTINCT FROM (NEW.epoch, NEW.state, NEW.leaves, NEW.root, NEW.signature) THEN
            RAISE EXCEPTION 'epoch % is closed', OLD.epoch USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER closed_is_closed BEFORE UPDATE ON listen_reward.receipt_epoch
        FOR EACH ROW WHEN (OLD.state = 'closed') EXECUTE FUNCTION listen_reward.closed_is_closed();

    CREATE TABLE listen_reward.receipt (
        epoch date NOT NULL REFERENCES listen_reward.receipt_epoch,
        place integer NOT NULL CHECK (place >= 0),
        user_id uuid NOT NULL,
        listen_id uuid UNIQUE,
        way text NOT NULL DEFAULT 'receipt' CHECK (way = 'receipt'),
        commitment bytea NOT NULL CHECK (length(commitment) = 32),
        song bytea NOT NULL CHECK (length(song) = 32),
        seconds integer NOT NULL CHECK (seconds BETWEEN 0 AND 65535),
        nonce bytea NOT NULL CHECK (length(nonce) = 32),
        leaf bytea NOT NULL UNIQUE CHECK (length(leaf) = 32),
        PRIMARY KEY (epoch, place),
        FOREIGN KEY (listen_id, way) REFERENCES listen_reward.reward (listen_id, way)
    );
    COMMENT ON TABLE listen_reward.receipt IS
        'Leaves in their order: of listens, and at the close of what they earned, as powers of two (no listen, seconds are units).';
    CREATE UNIQUE INDEX one_summary ON listen_reward.receipt (epoch, user_id, seconds) WHERE listen_id IS NULL;
    CREATE INDEX receipt_of_user ON listen_reward.receipt (user_id, epoch);
    GRANT SELECT, INSERT ON listen_reward.receipt TO vibestream_app;

    CREATE TABLE listen_reward.claim (
        nullifier bytea PRIMARY KEY CHECK (length(nullifier) = 32),
        epoch date NOT NULL REFERENCES listen_reward.receipt_epoch,
        units integer NOT NULL CHECK (units > 0),
        amount bigint NOT NULL CHECK (amount > 0),
        wallet text NOT NULL CHECK (wallet ~ '^(ed25519:[0-9a-f]{64}|evm:0x[0-9a-f]{40})$'),
        payout bytea NOT NULL CHECK (length(payout) = 32),
        claimed_hour timestamptz NOT NULL CHECK (claimed_hour = date_trunc('hour', claimed_hour, 'UTC'))
    );
    COMMENT ON TABLE listen_reward.claim IS 'Spent nullifiers. Nothing here says whose, or which receipt; not even the minute.';
    CREATE INDEX claim_of_epoch ON listen_reward.claim (epoch);
    GRANT SELECT, INSERT ON listen_reward.claim TO vibestream_app;

    INSERT INTO payment.account_kind (kind, guarded, personal) VALUES ('claim_wallet', true, false);
    """)
