"""The tables of the payment context."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the context's schema; the application gets each right by name."""
    op.execute("""
    CREATE SCHEMA payment;
    GRANT USAGE ON SCHEMA payment TO vibestream_app;
    """)
