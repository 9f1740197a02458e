"""Payments as streams of events, the attempts made at gateways, and what is read of them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"

_SCRIPTS = Path(__file__).parents[1] / "payment_0011"


def upgrade() -> None:
    """Run the scripts of this revision, in order."""
    connection = op.get_bind().connection.driver_connection
    for script in sorted(_SCRIPTS.glob("*.sql")):
        connection.execute(script.read_text())
