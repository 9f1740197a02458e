"""What must always hold of subscriptions: their revenue by month, and that what is active was paid for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _deferred_explained(tx: Tx) -> Finding:
    # Of a month that was closed, the account has moved on; what subscriptions put in and took out stands in its entries.
    months = await tx.value("SELECT count(*) FROM payment.account WHERE kind = 'deferred_revenue'")
    wrong = await tx.values(
        """
        SELECT 'deferred revenue of ' || coalesce(books.subject, rows.subject) || ' in ' ||
            coalesce(books.currency, rows.currency) || ' was given ' || coalesce(books.minor, 0) || ', its rows say '
            || coalesce(rows.minor, 0)
        FROM (
            SELECT account.subject, account.currency, sum(entry.amount) AS minor
            FROM payment.account account
            JOIN payment.entry entry ON entry.account_id = account.id
            JOIN payment.transaction header ON header.id = entry.transaction_id
            LEFT JOIN payment.transaction undone ON undone.id = header.reverses
            WHERE account.kind = 'deferred_revenue'
                AND coalesce(undone.kind, header.kind) IN ('subscription', 'subscription_refund', 'take_back')
            GROUP BY account.subject, account.currency
        ) AS books
        FULL JOIN (
            SELECT to_char(month, 'YYYY-MM') AS subject, currency, sum(minor) AS minor
            FROM payment.subscription_revenue GROUP BY 1, 2
        ) AS rows ON rows.subject = books.subject AND rows.currency = books.currency
        WHERE coalesce(books.minor, 0) <> coalesce(rows.minor, 0)
        LIMIT %s
        """,
        [_SHOWN],
    )
    return _finding(f"{months} months", wrong)


async def _settled_once(tx: Tx) -> Finding:
    settled = await tx.value("SELECT count(*) FROM payment.settlement")
    # A settlement is a transaction under the payment's key that takes its whole amount from its escrow; and each such
    # transaction has its row.
    wrong = await tx.values(
        """
        SELECT 'payment ' || coalesce(settlement.payment_id::text, header.details ->> 'payment_id') || ' took '
            || coalesce(taken.amount, 0) || ' from its escrow, its settlement says ' || coalesce(settlement.amount, 0)
        FROM payment.settlement settlement
        FULL JOIN (
            SELECT * FROM payment.transaction WHERE idempotency_key LIKE 'payment:%%:settled'
        ) AS header ON header.id = settlement.transaction_id
        LEFT JOIN LATERAL (
            SELECT -sum(entry.amount) AS amount FROM payment.entry entry
            JOIN payment.account account ON account.id = entry.account_id AND account.kind = 'payment_escrow'
            WHERE entry.transaction_id = header.id AND account.subject = settlement.payment_id::text
        ) AS taken ON true
        WHERE settlement.payment_id IS NULL OR taken.amount IS DISTINCT FROM settlement.amount
        LIMIT %s
        """,
        [_SHOWN],
    )
    returned = await tx.values(
        """
        SELECT 'payment ' || settlement.payment_id || ' returned ' || settlement.returned || ', in parts '
            || coalesce(parts.counted, 0)
        FROM payment.settlement settlement
        LEFT JOIN (
            SELECT payment_id, sum(counted) FILTER (WHERE restored_at IS NULL) AS counted FROM payment.give_back
            GROUP BY payment_id
        ) AS parts ON parts.payment_id = settlement.payment_id
        WHERE settlement.returned <> coalesce(parts.counted, 0)
        LIMIT %s
        """,
        [_SHOWN],
    )
    return _finding(f"{settled} payments", [*wrong, *returned])


async def _active_is_paid(tx: Tx) -> Finding:
    active = await tx.value("SELECT count(*) FROM payment.subscription WHERE state IN ('active', 'past_due')")
    # Its invoices cover its period without a gap up to its end, and the newest is for what it is.
    wrong = await tx.values(
        """
        SELECT 'subscription ' || subscription.subscription_id || ' is ' || subscription.state || ' until '
            || subscription.period_end || ', paid until ' || coalesce(paid.covers_until::text, 'never')
        FROM payment.subscription subscription
        LEFT JOIN LATERAL (
            SELECT invoice.covers_until, invoice.plan, invoice.cycle FROM payment.subscription_invoice invoice
            WHERE invoice.subscription_id = subscription.subscription_id AND invoice.state = 'paid'
            ORDER BY invoice.paid_at DESC, invoice.invoice_id DESC LIMIT 1
        ) AS paid ON true
        WHERE subscription.state IN ('active', 'past_due')
            AND (subscription.period_end, subscription.plan, subscription.cycle)
                IS DISTINCT FROM (paid.covers_until, paid.plan, paid.cycle)
        LIMIT %s
        """,
        [_SHOWN],
    )
    unpaid = await tx.values(
        """
        SELECT 'invoice ' || invoice.invoice_id || ' of ' || (invoice.worth - invoice.credit) || ' is paid by '
            || coalesce(sum(settlement.amount), 0)
        FROM payment.subscription_invoice invoice
        LEFT JOIN payment.subscription_payment attempt
            ON attempt.invoice_id = invoice.invoice_id AND attempt.state = 'taken'
        LEFT JOIN payment.settlement settlement
            ON settlement.payment_id = attempt.payment_id AND settlement.destination = 'subscription'
        WHERE invoice.state = 'paid'
        GROUP BY invoice.invoice_id
        HAVING coalesce(sum(settlement.amount), 0) <> invoice.worth - invoice.credit
        LIMIT %s
        """,
        [_SHOWN],
    )
    return _finding(f"{active} active subscriptions", [*wrong, *unpaid])


def _finding(figure: str, offenders: Sequence[str]) -> Finding:
    return Finding(ok=not offenders, figure=figure, detail="; ".join(offenders))


INVARIANTS: Final = (
    Invariant(
        "subscriptions.deferred_explained",
        "What subscriptions put into each month's deferred revenue, and took of it, is what its rows say.",
        _deferred_explained,
    ),
    Invariant(
        "subscriptions.settled_once",
        "Each captured payment was settled at most once and whole, and what went back of it is the sum of its parts.",
        _settled_once,
    ),
    Invariant(
        "subscriptions.active_is_paid",
        "Every active subscription has paid for its period as what it is, by payments that came.",
        _active_is_paid,
    ),
)
