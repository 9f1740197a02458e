"""Second factors of accounts: what a person holds beside the password."""

from __future__ import annotations

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Keep the place of the factors' tables in the order of revisions; they are written in this file."""
