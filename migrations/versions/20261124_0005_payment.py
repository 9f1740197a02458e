"""The ledger: accounts, transactions, holds and snapshots, and the functions that are the only way to write them.

The tables and functions belong to the role that migrates; the application can read, and execute the functions.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"

_SCRIPTS = Path(__file__).parents[1] / "payment_0005"


def upgrade() -> None:
    """Run the scripts of this revision, in order."""
    connection = op.get_bind().connection.driver_connection
    for script in sorted(_SCRIPTS.glob("*.sql")):
        connection.execute(script.read_text())
