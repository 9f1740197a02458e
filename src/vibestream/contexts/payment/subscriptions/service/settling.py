"""What becomes of a subscription when a payment for it is captured, comes to nothing, or leaves again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from vibestream.contexts.payment.events import RenewalFailed
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.subscriptions.domain import subscription as machine
from vibestream.contexts.payment.subscriptions.domain.calendar import end_of, period_from
from vibestream.contexts.payment.subscriptions.domain.invoices import (
    Attempt,
    AttemptState,
    Invoice,
    InvoiceKind,
    InvoiceState,
)
from vibestream.contexts.payment.subscriptions.domain.subscription import GRACE, EndReason, State, Subscription
from vibestream.contexts.payment.subscriptions.service.announcing import announce_changed, everybody_of
from vibestream.contexts.payment.subscriptions.service.ending import end_now
from vibestream.contexts.payment.subscriptions.service.revenue import legs_of, spread_over_open, take_from_open
from vibestream.contexts.payment.subscriptions.service.selling import plan_named
from vibestream.contexts.payment.subscriptions.store import family, invoices, revenue, subscriptions
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import Captured, Destination, GiveBackReason
from vibestream.kernel.ids import PaymentId
from vibestream.kernel.money import Money
from vibestream.kernel.time import Period
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish


async def settle(tx: Tx, *, captured: Captured, now: datetime) -> None:
    """Let a captured payment pay the invoice it was started for; once, whatever is repeated.

    The escrow is spread over the months that the invoice covers. A payment that nobody waits for any more (the
    subscription ended, the invoice was paid by another or given up, the period that a change was reckoned on is over) goes
    to its payer's wallet. For one that no invoice knows, too.
    """
    attempt = await invoices.load_attempt(tx, payment_id=captured.payment_id)
    invoice = None if attempt is None else await invoices.load_invoice(tx, invoice_id=attempt.invoice_id)
    if attempt is None or invoice is None:
        await wallets.settle_into_wallet(tx, captured=captured, kind="payment_kept")
        return
    found = await subscriptions.lock_subscription(tx, subscription_id=invoice.subscription_id)
    attempt = await invoices.load_attempt(tx, payment_id=captured.payment_id)
    invoice = await invoices.load_invoice(tx, invoice_id=invoice.invoice_id)
    if found is None or attempt is None or invoice is None or attempt.state in _SETTLED:
        return
    if not _waited_for(found, invoice, captured):
        kept = {"subscription_id": str(found.subscription_id)}
        await wallets.settle_into_wallet(tx, captured=captured, kind="payment_kept", details=kept)
        await invoices.save_attempt_state(tx, payment_id=captured.payment_id, state=AttemptState.KEPT_FOR_PAYER)
        return
    covers, paid = _taken(found, invoice, attempt, at=captured.at)
    parts = await spread_over_open(tx, amount=captured.amount, covers=covers, anchor=paid.anchor or covers.start)
    await _post(tx, captured=captured, invoice=invoice, subscription=paid, parts=parts)
    await invoices.save_attempt_state(tx, payment_id=captured.payment_id, state=AttemptState.TAKEN)
    await take_effect(tx, invoice=invoice, covers=covers, paid=paid, at=captured.at, now=now)


async def take_effect(
    tx: Tx, *, invoice: Invoice, covers: Period, paid: Subscription, at: datetime, now: datetime
) -> None:
    """Write down that an invoice of a locked subscription is paid and what it has become; tell whom it concerns."""
    await invoices.save_paid(tx, invoice_id=invoice.invoice_id, covers=covers, at=at)
    await subscriptions.save_subscription(tx, paid)
    concerned = await everybody_of(tx, subscription_id=paid.subscription_id, owner=paid.user_id)
    if (await plan_named(tx, code=paid.terms.plan)).seats == 1:
        await family.end_family(tx, subscription_id=paid.subscription_id, at=now)
    await announce_changed(tx, user_ids=concerned, now=now)


async def abandon(tx: Tx, *, payment_id: PaymentId, now: datetime) -> None:
    """Hear that a payment for a subscription will not happen.

    A renewal that was charged to a stored method is tried again by the schedule, or the subscription ends unpaid. A change
    is given up. A first payment may be tried again until the order is given up.
    """
    attempt = await invoices.load_attempt(tx, payment_id=payment_id)
    invoice = None if attempt is None else await invoices.load_invoice(tx, invoice_id=attempt.invoice_id)
    if attempt is None or invoice is None:
        return
    found = await subscriptions.lock_subscription(tx, subscription_id=invoice.subscription_id)
    attempt = await invoices.load_attempt(tx, payment_id=payment_id)
    invoice = await invoices.load_invoice(tx, invoice_id=invoice.invoice_id)
    if found is None or attempt is None or invoice is None or attempt.state is not AttemptState.OPEN:
        return
    await invoices.save_attempt_state(tx, payment_id=payment_id, state=AttemptState.ABANDONED)
    if invoice.state is not InvoiceState.OPEN or not found.live:
        return
    if invoice.kind is InvoiceKind.CHANGE:
        await invoices.void_open(tx, subscription_id=found.subscription_id)
    elif invoice.kind is InvoiceKind.RENEWAL and found.next_attempt_at is None:  # one by the schedule was on its way
        await fail_renewal(tx, subscription=found, invoice=invoice, charged=True, now=now)


async def fail_renewal(
    tx: Tx, *, subscription: Subscription, invoice: Invoice, charged: bool, now: datetime
) -> Subscription:
    """Put the next attempt of a locked subscription on the schedule, or end it.

    RenewalFailed is announced when a method was `charged` in vain, or when it ends.
    """
    failed = machine.attempt_failed(subscription, now=now)
    if failed == subscription:
        return subscription
    if charged or not failed.live:
        await _announce_failure(tx, subscription=subscription, failed=failed, invoice=invoice, now=now)
    if not failed.live:
        return await end_now(tx, subscription=subscription, reason=EndReason.UNPAID, now=now)
    await subscriptions.save_subscription(tx, failed)
    return failed


async def announce_end_unpaid(tx: Tx, *, subscription: Subscription, now: datetime) -> None:
    """Announce that a locked subscription ends because its renewal was never answered for."""
    invoice = await invoices.load_open(tx, subscription_id=subscription.subscription_id)
    if invoice is not None:
        failed = machine.ended(subscription, reason=EndReason.UNPAID, now=now)
        await _announce_failure(tx, subscription=subscription, failed=failed, invoice=invoice, now=now)


async def take_back(
    tx: Tx, *, key: str, payment_id: PaymentId, amount: Money, gateway: str, reason: GiveBackReason, now: datetime
) -> None:
    """Take a payment that left again out of what is still deferred of it, once per key; the rest stays a loss.

    Closed months are left alone: those who were heard keep their share. When nothing of the payment is left with us, the
    subscription that it paid for ends at once.
    """
    attempt = await invoices.load_attempt(tx, payment_id=payment_id)
    invoice = None if attempt is None else await invoices.load_invoice(tx, invoice_id=attempt.invoice_id)
    if invoice is None:
        return
    found = await subscriptions.lock_subscription(tx, subscription_id=invoice.subscription_id)
    asked = await wallets.begin_return(tx, key=key, payment_id=payment_id, amount=amount, reason=reason, at=now)
    if found is None or asked is None:
        return
    parts, _ = await take_from_open(tx, invoice_id=invoice.invoice_id, amount=asked.counted)
    drawn = await wallets.draw(
        tx,
        key=f"{key}:taken_back",
        kind="take_back",
        amount=Money.zero(amount.currency),
        sources=[],
        into=AccountName(AccountKind.CHARGEBACK_LOSSES, gateway, amount.currency),
        details={"payment_id": str(payment_id), "reason": reason.value},
        at=now,
        others=legs_of(parts),
    )
    if drawn.transaction_id is not None:
        await revenue.insert_parts(
            tx,
            transaction_id=drawn.transaction_id,
            invoice_id=invoice.invoice_id,
            payment_id=payment_id,
            subscription_id=found.subscription_id,
            user_id=found.user_id,
            parts={month: -part for month, part in parts.items()},
        )
    await wallets.finish_return(tx, asked=asked, drawn=drawn)
    if asked.counted == asked.settlement.left and found.live and await _pays_for(tx, found, invoice):
        await end_now(tx, subscription=found, reason=EndReason.REVERSED, now=now)


async def _announce_failure(
    tx: Tx, *, subscription: Subscription, failed: Subscription, invoice: Invoice, now: datetime
) -> None:
    period = subscription.period
    await publish(
        tx,
        RenewalFailed(
            occurred_at=now,
            subscription_id=subscription.subscription_id,
            user_id=subscription.user_id,
            plan=invoice.terms.plan,
            amount=invoice.charge,
            next_try_at=failed.next_attempt_at,
            entitled_until=now if period is None or not failed.live else end_of(period) + GRACE,
        ),
    )


async def _post(
    tx: Tx, *, captured: Captured, invoice: Invoice, subscription: Subscription, parts: Mapping[date, Money]
) -> None:
    transaction_id = await wallets.settle(
        tx,
        captured=captured,
        destination=Destination.SUBSCRIPTION,
        subject=str(subscription.subscription_id),
        kind="subscription",
        into=legs_of(parts),
        details={
            "subscription_id": str(subscription.subscription_id),
            "invoice_id": str(invoice.invoice_id),
            "plan": invoice.terms.plan,
            "cycle": invoice.terms.cycle.value,
        },
    )
    if transaction_id is None:
        raise AssertionError(captured)  # its attempt would not be open
    await revenue.insert_parts(
        tx,
        transaction_id=transaction_id,
        invoice_id=invoice.invoice_id,
        payment_id=captured.payment_id,
        subscription_id=subscription.subscription_id,
        user_id=subscription.user_id,
        parts=parts,
    )


def _waited_for(found: Subscription, invoice: Invoice, captured: Captured) -> bool:
    if not found.live or invoice.state is not InvoiceState.OPEN or invoice.charge != captured.amount:
        return False
    if invoice.kind is not InvoiceKind.CHANGE:
        return True
    period = found.period
    return found.state is State.ACTIVE and period is not None and captured.at < end_of(period) == invoice.basis_end


def _taken(found: Subscription, invoice: Invoice, attempt: Attempt, *, at: datetime) -> tuple[Period, Subscription]:
    """Return what a payment covers, and the subscription that it makes."""
    method_of = attempt.payment_id if attempt.keeps_method else None
    if invoice.kind is InvoiceKind.FIRST:
        covers = machine.first_period(found, terms=invoice.terms, at=at)
        period, anchor = covers, covers.start
    elif invoice.covers is None:  # a change to another cycle begins anew when it is paid
        covers = period_from(at, anchor=at, months=invoice.terms.cycle.months)
        period, anchor = covers, at
    else:
        covers = invoice.covers
        anchor = found.anchor or covers.start
        whole = found.period if invoice.kind is InvoiceKind.CHANGE else covers
        period = whole or covers
    paid = machine.paid(found, terms=invoice.terms, period=period, anchor=anchor, method_of=method_of)
    return covers, replace(paid, cancels=found.cancels)


async def _pays_for(tx: Tx, found: Subscription, invoice: Invoice) -> bool:
    """Say whether an invoice is what pays for the present period, itself or as the credit of what does."""
    current = await invoices.load_last_paid(tx, subscription_id=found.subscription_id)
    while current is not None:
        if current.invoice_id == invoice.invoice_id:
            return True
        current = None if current.follows is None else await invoices.load_invoice(tx, invoice_id=current.follows)
    return False


_SETTLED = frozenset({AttemptState.TAKEN, AttemptState.KEPT_FOR_PAYER})
