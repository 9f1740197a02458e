"""Telling: nothing to create yet."""

from __future__ import annotations

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Change nothing."""
