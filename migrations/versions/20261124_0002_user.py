"""The tables of the user context."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the context's schema; the application gets each right by name."""
    op.execute("""
    CREATE SCHEMA users;
    GRANT USAGE ON SCHEMA users TO vibestream_app;
    """)
