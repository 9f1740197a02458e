"""Profiles: nothing to create yet."""

from __future__ import annotations

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Change nothing."""
