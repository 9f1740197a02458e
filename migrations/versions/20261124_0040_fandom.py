"""Receipts of what was heard of an artist, the perks that a proof of one opens, and orders of keys of a chain."""

from __future__ import annotations

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Create the tables. No column of a proof of fandom is one of a receipt or a listener, and none may be joined to one."""
    op.execute("""
    ALTER TABLE listen_reward.receipt
        ADD COLUMN artist_id uuid,
        ADD CHECK (artist_id IS NULL OR listen_id IS NULL);
    COMMENT ON COLUMN listen_reward.receipt.artist_id IS
        'Of a receipt that sums up what its listener heard of one artist in the epoch: seconds are seconds. It earns nothing.';
    DROP INDEX listen_reward.one_summary;
    CREATE UNIQUE INDEX one_summary ON listen_reward.receipt (epoch, user_id, seconds)
        WHERE listen_id IS NULL AND artist_id IS NULL;
    CREATE INDEX summaries_of_tier ON listen_reward.receipt (epoch, seconds) WHERE listen_id IS NULL AND artist_id IS NULL;
    CREATE UNIQUE INDEX one_of_artist ON listen_reward.receipt (epoch, user_id, artist_id) WHERE artist_id IS NOT NULL;
    CREATE INDEX fans_of_artist ON listen_reward.receipt (artist_id, epoch, seconds) WHERE artist_id IS NOT NULL;

    CREATE TABLE listen_reward.perk (
        perk_id uuid PRIMARY KEY,
        artist_id uuid NOT NULL,
        made_by uuid NOT NULL,
        form_key uuid NOT NULL,
        title text NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
        text text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
        least_s integer NOT NULL CHECK (least_s BETWEEN 30 AND 65535),
        made_at timestamptz NOT NULL,
        withdrawn_at timestamptz CHECK (withdrawn_at >= made_at),
        UNIQUE (made_by, form_key)
    );
    COMMENT ON TABLE listen_reward.perk IS 'What an artist gives to whoever proves to have heard them for so long in a day.';
    CREATE INDEX perk_of_artist ON listen_reward.perk (artist_id, made_at);
    GRANT SELECT, INSERT, UPDATE (title, text, withdrawn_at) ON listen_reward.perk TO vibestream_app;

    CREATE TABLE listen_reward.perk_proof (
        perk_id uuid NOT NULL REFERENCES listen_reward.perk,
        nullifier bytea NOT NULL CHECK (length(nullifier) = 32),
        epoch date NOT NULL REFERENCES listen_reward.receipt_epoch,
        PRIMARY KEY (perk_id, nullifier)
    );
    COMMENT ON TABLE listen_reward.perk_proof IS 'Proofs that opened a perk. Nothing here says whose, or when.';
    GRANT SELECT, INSERT ON listen_reward.perk_proof TO vibestream_app;

    CREATE INDEX score_between ON listen_reward.score (user_id, owner_user_id, scored_at);

    ALTER TABLE payment.claim_order DROP CONSTRAINT claim_order_wallet_check;
    ALTER TABLE payment.claim_order ADD CONSTRAINT claim_order_wallet_check
        CHECK (wallet ~ '^(ed25519:[0-9a-f]{64}|evm:0x[0-9a-f]{40})$');
    """)
