"""Splits, usage, runs, statements."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the tables and their rights."""
    op.execute("SELECT 1")
