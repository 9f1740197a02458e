"""The schema of the music context, and the catalogue's tables."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the context's schema; the application gets each right by name."""
    op.execute("""
    CREATE SCHEMA music;
    GRANT USAGE ON SCHEMA music TO vibestream_app;
    """)
