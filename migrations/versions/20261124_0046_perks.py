"""Perks: nothing to create yet."""

from __future__ import annotations

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Change nothing."""
