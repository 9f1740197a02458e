"""What of pending royalties has been pending for long enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from vibestream.kernel.ids import AccountId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Due:
    """An account of pending royalties and how much of it is due."""

    account_id: AccountId
    payee: str
    amount: Money
    position: int
    """Of the account's last entry: which state of the account this is about."""


async def list_due(tx: Tx, *, before: datetime, limit: int) -> list[Due]:
    """Return what came into pending accounts before an instant and has not left them.

    What is there, less what came later: so whatever was taken back in the meantime is taken from the oldest. What came
    by a transaction that was reversed, and what was only brought back to be reversed, did not come at all.
    """
    return await tx.all(
        _due,
        """
        SELECT pending.account_id, pending.subject, pending.currency, pending.available - later.amount AS amount,
            pending.position
        FROM (
            SELECT account.id AS account_id, account.subject, account.currency,
                balance.posted - balance.held AS available, last.position
            FROM payment.account account
            JOIN payment.balance balance ON balance.account_id = account.id
            CROSS JOIN LATERAL (
                SELECT e.position FROM payment.entry e WHERE e.account_id = account.id ORDER BY e.position DESC LIMIT 1
            ) AS last
            WHERE account.kind = 'royalties_pending' AND balance.posted > balance.held
        ) AS pending
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(entry.amount), 0) AS amount
            FROM payment.entry entry JOIN payment.transaction header ON header.id = entry.transaction_id
            WHERE entry.account_id = pending.account_id AND entry.amount > 0 AND header.recorded_at >= %(before)s
                AND header.kind <> 'royalty_recall' AND NOT EXISTS (
                    SELECT FROM payment.transaction reversal WHERE reversal.reverses = header.id)
        ) AS later
        WHERE pending.available > later.amount
        ORDER BY pending.account_id LIMIT %(limit)s
        """,
        {"before": before, "limit": limit},
    )


def _due(*, account_id: AccountId, subject: str, currency: str, amount: Decimal, position: int) -> Due:
    return Due(account_id, subject, Money(int(amount), Currency.of(currency)), position)
