"""Ledger: nothing to create yet."""

from __future__ import annotations

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Change nothing."""
