"""Seals over the ledger; rates of exchange."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"

_SCRIPTS = Path(__file__).parents[1] / "payment_0016"


def upgrade() -> None:
    """Run the scripts of this revision, in order."""
    connection = op.get_bind().connection.driver_connection
    for script in sorted(_SCRIPTS.glob("*.sql")):
        connection.execute(script.read_text())
