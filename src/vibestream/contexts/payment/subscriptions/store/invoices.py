"""Invoices, and the payments made for them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from vibestream.contexts.payment.subscriptions.domain.invoices import (
    Attempt,
    AttemptState,
    Invoice,
    InvoiceId,
    InvoiceKind,
    InvoiceState,
)
from vibestream.contexts.payment.subscriptions.domain.plans import Cycle, Terms
from vibestream.kernel.ids import PaymentId, SubscriptionId
from vibestream.kernel.money import Currency, Money
from vibestream.kernel.time import Period
from vibestream.platform.database import Tx

_SELECT: Final = """
SELECT invoice_id, subscription_id, kind, plan, cycle, currency, worth, credit, state, covers_from, covers_until,
    basis_end, follows, made_at, paid_at
FROM payment.subscription_invoice
"""
_ATTEMPT: Final = """
SELECT payment_id, invoice_id, attempt AS number, state, keeps_method FROM payment.subscription_payment
"""


async def insert_invoice(tx: Tx, invoice: Invoice) -> None:
    """Add an invoice; its subscription is locked by the caller and has no other that is open."""
    covers = invoice.covers
    await tx.execute(
        """
        INSERT INTO payment.subscription_invoice (invoice_id, subscription_id, kind, plan, cycle, currency, worth, credit,
            state, covers_from, covers_until, basis_end, follows, made_at, paid_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            invoice.invoice_id,
            invoice.subscription_id,
            invoice.kind.value,
            invoice.terms.plan,
            invoice.terms.cycle.value,
            invoice.worth.currency.code,
            invoice.worth.minor,
            invoice.credit.minor,
            invoice.state.value,
            None if covers is None else covers.start,
            None if covers is None else covers.end,
            invoice.basis_end,
            invoice.follows,
            invoice.made_at,
            invoice.paid_at,
        ],
    )


async def save_paid(tx: Tx, *, invoice_id: InvoiceId, covers: Period, at: datetime) -> None:
    """Write down that an invoice was paid, and what for."""
    await tx.execute(
        """
        UPDATE payment.subscription_invoice SET state = 'paid', paid_at = %s, covers_from = %s, covers_until = %s
        WHERE invoice_id = %s AND state = 'open'
        """,
        [at, covers.start, covers.end, invoice_id],
    )


async def void_open(tx: Tx, *, subscription_id: SubscriptionId) -> list[PaymentId]:
    """Let nobody pay what is open any more, and return the payments that are under way for it."""
    return await tx.values(
        """
        WITH voided AS (
            UPDATE payment.subscription_invoice SET state = 'void' WHERE subscription_id = %s AND state = 'open'
            RETURNING invoice_id
        )
        SELECT payment_id FROM payment.subscription_payment JOIN voided USING (invoice_id) WHERE state = 'open'
        """,
        [subscription_id],
    )


async def load_invoice(tx: Tx, *, invoice_id: InvoiceId) -> Invoice | None:
    """Return an invoice."""
    return await tx.one(_invoice, _SELECT + " WHERE invoice_id = %s", [invoice_id])


async def load_open(tx: Tx, *, subscription_id: SubscriptionId) -> Invoice | None:
    """Return what is to be paid for a subscription."""
    return await tx.one(_invoice, _SELECT + " WHERE subscription_id = %s AND state = 'open'", [subscription_id])


async def load_last_paid(tx: Tx, *, subscription_id: SubscriptionId) -> Invoice | None:
    """Return what was paid last for a subscription."""
    return await tx.one(
        _invoice,
        _SELECT + " WHERE subscription_id = %s AND state = 'paid' ORDER BY paid_at DESC, invoice_id DESC LIMIT 1",
        [subscription_id],
    )


async def list_invoices(tx: Tx, *, subscription_id: SubscriptionId, limit: int) -> list[Invoice]:
    """Return a subscription's invoices, the newest first."""
    return await tx.all(
        _invoice,
        _SELECT + " WHERE subscription_id = %s ORDER BY invoice_id DESC LIMIT %s",
        [subscription_id, limit],
    )


async def insert_attempt(
    tx: Tx, *, payment_id: PaymentId, invoice_id: InvoiceId, number: int, keeps_method: bool, at: datetime
) -> None:
    """Write down that a payment was started for an invoice."""
    await tx.execute(
        """
        INSERT INTO payment.subscription_payment (payment_id, invoice_id, attempt, state, keeps_method, made_at)
        VALUES (%s, %s, %s, 'open', %s, %s)
        """,
        [payment_id, invoice_id, number, keeps_method, at],
    )


async def load_attempt(tx: Tx, *, payment_id: PaymentId) -> Attempt | None:
    """Return which invoice a payment is for."""
    return await tx.one(_attempt, _ATTEMPT + " WHERE payment_id = %s", [payment_id])


async def list_attempts(tx: Tx, *, invoice_id: InvoiceId) -> list[Attempt]:
    """Return the payments of an invoice, the newest first."""
    return await tx.all(_attempt, _ATTEMPT + " WHERE invoice_id = %s ORDER BY attempt DESC", [invoice_id])


async def save_attempt_state(tx: Tx, *, payment_id: PaymentId, state: AttemptState) -> None:
    """Write down what became of a payment."""
    await tx.execute(
        "UPDATE payment.subscription_payment SET state = %s WHERE payment_id = %s",
        [state.value, payment_id],
    )


def _attempt(*, payment_id: PaymentId, invoice_id: InvoiceId, number: int, state: str, keeps_method: bool) -> Attempt:
    return Attempt(
        payment_id=payment_id,
        invoice_id=invoice_id,
        number=number,
        state=AttemptState(state),
        keeps_method=keeps_method,
    )


def _invoice(
    *,
    invoice_id: InvoiceId,
    subscription_id: SubscriptionId,
    kind: str,
    plan: str,
    cycle: str,
    currency: str,
    worth: int,
    credit: int,
    state: str,
    covers_from: datetime | None,
    covers_until: datetime | None,
    basis_end: datetime | None,
    follows: InvoiceId | None,
    made_at: datetime,
    paid_at: datetime | None,
) -> Invoice:
    of = Currency.of(currency)
    return Invoice(
        invoice_id=invoice_id,
        subscription_id=subscription_id,
        kind=InvoiceKind(kind),
        terms=Terms(plan=plan, cycle=Cycle(cycle)),
        worth=Money(worth, of),
        credit=Money(credit, of),
        state=InvoiceState(state),
        covers=None if covers_from is None else Period(covers_from, covers_until),
        basis_end=basis_end,
        follows=follows,
        made_at=made_at,
        paid_at=paid_at,
    )
