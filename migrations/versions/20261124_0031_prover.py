"""Prover: nothing to create yet."""

from __future__ import annotations

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Change nothing."""
