"""Pictures: nothing to create yet."""

from __future__ import annotations

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Change nothing."""
