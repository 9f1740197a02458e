"""What a person's accounts gained and lost, by month and by kind of transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from vibestream.contexts.payment.ledger.domain.accounts import AccountKind
from vibestream.contexts.payment.ledger.domain.books import MonthSum
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


async def list_months(
    tx: Tx, *, user_id: UserId, kinds: Collection[AccountKind], since: datetime, until: datetime
) -> list[MonthSum]:
    """Return the sums of a person's accounts of these kinds, in a half-open stretch of time, by month in UTC.

    A transaction counts by what it changed of all of them together: moving between two of them changes nothing.
    """
    return await tx.all(
        _month_sum,
        """
        SELECT month, kind, currency, coalesce(sum(net) FILTER (WHERE net > 0), 0) AS gained,
            coalesce(-sum(net) FILTER (WHERE net < 0), 0) AS lost
        FROM (
            SELECT date_trunc('month', coalesce(t.effective_at, t.recorded_at) AT TIME ZONE 'UTC')::date AS month, t.kind,
                account.currency, sum(e.amount) AS net
            FROM payment.account account
            JOIN payment.entry e ON e.account_id = account.id
            JOIN payment.transaction t ON t.id = e.transaction_id
            WHERE account.subject = %(subject)s AND account.kind = ANY(%(kinds)s)
                AND coalesce(t.effective_at, t.recorded_at) >= %(since)s
                AND coalesce(t.effective_at, t.recorded_at) < %(until)s
            GROUP BY t.id, account.currency
        ) AS changed
        WHERE net <> 0 GROUP BY month, kind, currency ORDER BY month, kind, currency
        """,
        {"subject": str(user_id), "kinds": [kind.value for kind in kinds], "since": since, "until": until},
    )


def _month_sum(*, month: date, kind: str, currency: str, gained: Decimal, lost: Decimal) -> MonthSum:
    unit = Currency.of(currency)
    return MonthSum(month, kind, Money(int(gained), unit), Money(int(lost), unit))
