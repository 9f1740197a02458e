"""${message}"""

from __future__ import annotations

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Expand, backfill or contract: one of the three, compatible with the code that is running."""
    op.execute("""
    """)
