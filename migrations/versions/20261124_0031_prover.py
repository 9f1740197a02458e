"""The nodes of closed epochs' trees, from which paths are looked up; orders upon wallets without a name."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Create the tables. A closed epoch's tree never changes, and an order is carried out once: rows are never updated."""
    op.execute("""
    CREATE TABLE listen_reward.receipt_node (
        epoch date NOT NULL REFERENCES listen_reward.receipt_epoch,
        height smallint NOT NULL CHECK (height BETWEEN 1 AND 19),
        block integer NOT NULL CHECK (block BETWEEN 0 AND 16383),
        nodes bytea NOT NULL CHECK (length(nodes) BETWEEN 32 AND 1024 AND length(nodes) % 32 = 0),
        PRIMARY KEY (epoch, height, block)
    );
    COMMENT ON TABLE listen_reward.receipt_node IS
        'Nodes of closed epochs'' trees, 32 of a height in each row but the last: what the paths of receipts are made of.';
    GRANT SELECT, INSERT ON listen_reward.receipt_node TO vibestream_app;

    CREATE TABLE payment.claim_order (
        wallet text NOT NULL CHECK (wallet ~ '^ed25519:[0-9a-f]{64}$'),
        nonce bytea NOT NULL CHECK (length(nonce) = 16),
        digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
        amount bigint NOT NULL CHECK (amount > 0),
        ordered_hour timestamptz NOT NULL CHECK (ordered_hour = date_trunc('hour', ordered_hour, 'UTC')),
        PRIMARY KEY (wallet, nonce)
    );
    COMMENT ON TABLE payment.claim_order IS
        'Orders that keys of wallets without a name signed, each carried out once. Where to is in the ledger alone.';
    GRANT SELECT, INSERT ON payment.claim_order TO vibestream_app;
    """)
