"""Royalties: policies, usage, splits, pools, runs and what each payee is owed by them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"

_SCRIPTS = Path(__file__).parents[1] / "payment_0014"


def upgrade() -> None:
    """Run the scripts of this revision, in order."""
    connection = op.get_bind().connection.driver_connection
    for script in sorted(_SCRIPTS.glob("*.sql")):
        connection.execute(script.read_text())
