"""Deferred revenue: what each posting gave or took of which month, whose money it was, and which months are closed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from vibestream.contexts.payment.subscriptions.domain.invoices import InvoiceId
from vibestream.kernel.ids import PaymentId, SubscriptionId, TransactionId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenuePart:
    """What one payment leaves in one month."""

    subscription_id: SubscriptionId
    user_id: UserId
    payment_id: PaymentId
    minor: int


async def share_months(tx: Tx, *, months: Collection[date], currency: Currency) -> set[date]:
    """Keep months from being closed until the transaction ends, and return those that are closed already."""
    await tx.execute(
        """
        INSERT INTO payment.revenue_month (month, currency)
        SELECT month, %s FROM unnest(%s::date[]) AS wanted (month) ORDER BY month
        ON CONFLICT DO NOTHING
        """,
        [currency.code, sorted(months)],
    )
    closed = await tx.values(
        """
        SELECT CASE WHEN closed_at IS NOT NULL THEN month END FROM payment.revenue_month
        WHERE currency = %s AND month = ANY(%s) ORDER BY month FOR SHARE
        """,
        [currency.code, sorted(months)],
    )
    return {month for month in closed if month is not None}


async def close_month(tx: Tx, *, month: date, currency: Currency, at: datetime) -> None:
    """Close a month for good, waiting for whoever is adding to it or taking from it; closing again changes nothing."""
    await tx.execute(
        """
        INSERT INTO payment.revenue_month AS known (month, currency, closed_at) VALUES (%s, %s, %s)
        ON CONFLICT (month, currency) DO UPDATE SET closed_at = coalesce(known.closed_at, excluded.closed_at)
        """,
        [month, currency.code, at],
    )


async def insert_parts(
    tx: Tx,
    *,
    transaction_id: TransactionId,
    invoice_id: InvoiceId,
    payment_id: PaymentId,
    subscription_id: SubscriptionId,
    user_id: UserId,
    parts: Mapping[date, Money],
) -> None:
    """Write down what a posting gave each month, or took of it when negative."""
    await tx.execute_many(
        """
        INSERT INTO payment.subscription_revenue
            (transaction_id, invoice_id, month, currency, minor, payment_id, subscription_id, user_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            (transaction_id, invoice_id, month, part.currency.code, part.minor, payment_id, subscription_id, user_id)
            for month, part in parts.items()
        ],
    )


async def months_of_invoice(tx: Tx, *, invoice_id: InvoiceId, currency: Currency) -> dict[date, Money]:
    """Return what an invoice's payment has left in each month."""
    rows = await tx.all(
        lambda *, month, minor: (month, Money(minor, currency)),
        """
        SELECT month, sum(minor)::bigint AS minor FROM payment.subscription_revenue
        WHERE invoice_id = %s GROUP BY month HAVING sum(minor) > 0 ORDER BY month
        """,
        [invoice_id],
    )
    return dict(rows)


async def list_of_month(tx: Tx, *, month: date, currency: Currency) -> list[RevenuePart]:
    """Return what each payment has left in a month, by user and payment."""
    return await tx.all(
        RevenuePart,
        """
        SELECT subscription_id, user_id, payment_id, sum(minor)::bigint AS minor FROM payment.subscription_revenue
        WHERE month = %s AND currency = %s
        GROUP BY subscription_id, user_id, payment_id HAVING sum(minor) <> 0
        ORDER BY user_id, payment_id
        """,
        [month, currency.code],
    )


async def list_of_payments(tx: Tx, *, payment_ids: Collection[PaymentId]) -> dict[PaymentId, list[tuple[date, int]]]:
    """Return what each of these payments has left in each month, by month."""
    found: dict[PaymentId, list[tuple[date, int]]] = {}
    for payment_id, month, minor in await tx.all(
        lambda *, payment_id, month, minor: (payment_id, month, minor),
        """
        SELECT payment_id, month, sum(minor)::bigint AS minor FROM payment.subscription_revenue
        WHERE payment_id = ANY(%s) GROUP BY payment_id, month HAVING sum(minor) > 0 ORDER BY payment_id, month
        """,
        [list(payment_ids)],
    ):
        found.setdefault(payment_id, []).append((month, minor))
    return found


async def total_of_month(tx: Tx, *, month: date, currency: Currency) -> int:
    """Return what the rows of a month sum to, in minor units."""
    return int(
        await tx.value(
            """
            SELECT coalesce(sum(minor), 0)::bigint FROM payment.subscription_revenue WHERE month = %s AND currency = %s
            """,
            [month, currency.code],
        )
    )
