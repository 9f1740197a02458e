"""The tables of the listen_reward context."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the context's schema; the application gets each right by name."""
    op.execute("""
    CREATE SCHEMA listen_reward;
    GRANT USAGE ON SCHEMA listen_reward TO vibestream_app;
    """)
