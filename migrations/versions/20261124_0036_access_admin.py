"""Access admin: the roles of labels and moderators."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Let the roles be granted."""
    op.execute(_ROLES)


_ROLES = """
ALTER TABLE users.role_grant DROP CONSTRAINT role_grant_role_check;
ALTER TABLE users.role_grant ADD CONSTRAINT role_grant_role_check
    CHECK (role IN ('artist', 'label', 'moderator', 'finance', 'admin'));
"""
