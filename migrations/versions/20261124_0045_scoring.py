"""Scoring: nothing to create yet."""

from __future__ import annotations

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Change nothing."""
