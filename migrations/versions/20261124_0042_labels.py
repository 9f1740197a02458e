"""Labels: nothing to create yet."""

from __future__ import annotations

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Change nothing."""
