"""Keys of ledger transactions are ordered by their bytes, so that one index finds a key and all keys that begin alike.

Each posting wrote its key into two indexes before, the second only for the search by prefix.
"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Give the column its order, which builds its unique index anew, and drop the second index."""
    op.execute('ALTER TABLE payment.transaction ALTER COLUMN idempotency_key TYPE text COLLATE "C"')
    op.execute("DROP INDEX payment.transaction_by_key_prefix")
