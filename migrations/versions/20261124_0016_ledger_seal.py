"""Seals over the ledger; rates of exchange."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the tables and their rights."""
    op.execute("SELECT 1")
