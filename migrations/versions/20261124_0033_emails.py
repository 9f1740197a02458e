"""Passwords that are short because a second factor is asked for beside them."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Note of each password whether it is too short to stand alone; those before are not."""
    op.execute(_SHORT)


_SHORT = """
ALTER TABLE users.password ADD COLUMN short boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN users.password.short IS
    'Less than 15 characters: allowed while a second factor is asked for too, which cannot be removed before it.';
"""
