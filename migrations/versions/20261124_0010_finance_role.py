"""The role of those who look after money."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Let the role be granted."""
    op.execute("""
        ALTER TABLE users.role_grant DROP CONSTRAINT role_grant_role_check;
        ALTER TABLE users.role_grant ADD CONSTRAINT role_grant_role_check CHECK (role IN ('artist', 'finance', 'admin'));
    """)
