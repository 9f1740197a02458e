"""Ways_in: nothing to create yet."""

from __future__ import annotations

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Change nothing."""
