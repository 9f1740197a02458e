"""What payees have, owe and were advanced, read for many at once from the ledger's tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from uuid import UUID

from vibestream.kernel.money import Currency
from vibestream.platform.database import Tx


async def lock_currency(tx: Tx, currency: Currency) -> None:
    """Exclude others who run, reverse, recoup or repay in a currency, until the transaction ends.

    Advances and debts are append-only accounts: nothing in the ledger keeps two runs from recouping the same one.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('royalties:' || %s, 0))", [currency.code])


async def balances(
    tx: Tx, kinds: Collection[str], currency: Currency, *, people: Collection[UUID]
) -> Mapping[tuple[str, UUID], int]:
    """Return what accounts of these kinds hold free of holds, in minor units, of those people who have one."""
    rows = await tx.all(
        _balance,
        """
        SELECT kind, subject, posted - held AS free FROM payment.account_balance
        WHERE kind = ANY(%s) AND currency = %s AND subject = ANY(%s)
        """,
        [list(kinds), currency.code, [str(person) for person in people]],
    )
    return dict(rows)


async def deferred_currencies(tx: Tx, *, subject: str) -> list[str]:
    """Return in which currencies something was paid for a month."""
    return await tx.values(
        """
        SELECT currency FROM payment.account_balance
        WHERE kind = 'deferred_revenue' AND subject = %s AND posted <> 0 ORDER BY currency
        """,
        [subject],
    )


def _balance(*, kind: str, subject: str, free: Decimal) -> tuple[tuple[str, UUID], int]:
    return (kind, UUID(subject)), int(free)
