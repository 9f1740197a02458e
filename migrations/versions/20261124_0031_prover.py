"""The nodes of closed epochs' trees, from which paths are looked up."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Create the table. A closed epoch's tree never changes, so nodes are added once and never updated."""
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
    """)
