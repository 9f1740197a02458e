"""What became of captured payments; tips; plans and subscriptions, and what they brought in by month; listeners' quality."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"

_SCRIPTS = Path(__file__).parents[1] / "payment_0013"


def upgrade() -> None:
    """Run the scripts of this revision, in order; what is sold and at which price is data in them."""
    connection = op.get_bind().connection.driver_connection
    for script in sorted(_SCRIPTS.glob("*.sql")):
        connection.execute(script.read_text())
