"""Cancelling, taking that back, ending at once, and giving back the unused rest."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import NotRefundable, RefundExceedsPayment
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.subscriptions.domain import subscription as machine
from vibestream.contexts.payment.subscriptions.domain.invoices import AttemptState, Invoice, PaidPart, refundable
from vibestream.contexts.payment.subscriptions.domain.subscription import EndReason, State, Subscription, WrongState
from vibestream.contexts.payment.subscriptions.service.announcing import announce_changed, everybody_of
from vibestream.contexts.payment.subscriptions.service.attempts import void_open
from vibestream.contexts.payment.subscriptions.service.revenue import KEPT, legs_of, take_from_open
from vibestream.contexts.payment.subscriptions.store import family, invoices, revenue, subscriptions
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import SubscriptionId, UserId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx


class SubscriptionMissing(Missing):
    """There is no such subscription, or none of this account."""

    code: ClassVar[str] = "subscriptions.missing"


async def cancel(tx: Tx, *, user_id: UserId, now: datetime) -> Subscription:
    """End somebody's subscription with its period; at once when nothing is paid any more. Twice is once.

    Raises:
        SubscriptionMissing: they have none.
    """
    found = await lock_of(tx, user_id=user_id)
    cancelled = machine.cancelled(found, now=now)
    if not cancelled.live and cancelled.end_reason is not None:
        return await end_now(tx, subscription=found, reason=cancelled.end_reason, now=now)
    await void_open(tx, subscription=found)
    await subscriptions.save_subscription(tx, cancelled)
    await _tell_all(tx, cancelled, now=now)
    return cancelled


async def undo_cancel(tx: Tx, *, user_id: UserId, now: datetime) -> Subscription:
    """Let somebody's subscription go on after its period after all.

    Raises:
        SubscriptionMissing: they have none.
        WrongState: its period is over.
    """
    found = await lock_of(tx, user_id=user_id)
    undone = machine.cancellation_undone(found, now=now)
    await subscriptions.save_subscription(tx, undone)
    await _tell_all(tx, undone, now=now)
    return undone


async def end_now(tx: Tx, *, subscription: Subscription, reason: EndReason, now: datetime) -> Subscription:
    """End a locked subscription, with what is open for it and whoever shares it; tell whom it concerns."""
    concerned = await everybody_of(tx, subscription_id=subscription.subscription_id, owner=subscription.user_id)
    await void_open(tx, subscription=subscription)
    await family.end_family(tx, subscription_id=subscription.subscription_id, at=now)
    ended = machine.ended(subscription, reason=reason, now=now)
    await subscriptions.save_subscription(tx, ended)
    await announce_changed(tx, user_ids=concerned, now=now)
    return ended


async def end_for_good(tx: Tx, *, user_id: UserId, now: datetime) -> None:
    """End whatever somebody has a part in, at once: their own subscription, and their place in another's.

    What was paid stays paid. Of somebody with neither, nothing happens.
    """
    own = await subscriptions.lock_live_of(tx, user_id=user_id)
    if own is not None:
        await end_now(tx, subscription=own, reason=EndReason.CANCELLED, now=now)
    shared = await family.membership_of(tx, user_id=user_id)
    if shared is not None and await family.end_membership(tx, subscription_id=shared, user_id=user_id, at=now):
        await announce_changed(tx, user_ids=[user_id], now=now)


async def refund_unused(
    tx: Tx, *, subscription_id: SubscriptionId, requested_by: UserId | None, reason: str, now: datetime
) -> Money:
    """End a subscription now and give back what is left of its period, and return how much that is.

    It goes to the owner's wallet, and from there back to each payment that it came from, the newest first; what a gateway
    does not take back stays in the wallet. Open months give first, the latest first; what lies in a month that was closed
    comes out of the platform's revenue.

    Args:
        tx: the caller's transaction.
        subscription_id: which.
        requested_by: who decided; None: the platform itself.
        reason: for the gateway and for people, 1 to 200 characters.
        now: the instant.

    Raises:
        SubscriptionMissing: there is none.
        WrongState: it is not active.
    """
    found = await subscriptions.lock_subscription(tx, subscription_id=subscription_id)
    if found is None:
        raise SubscriptionMissing("There is no such subscription.")
    current = await invoices.load_last_paid(tx, subscription_id=subscription_id)
    if found.state not in {State.ACTIVE, State.PAST_DUE} or current is None:
        raise WrongState("Only what was paid for can be given back.", state=found.state)
    total = Money.zero(found.currency)
    for part, given in refundable(current, parts=await _paid_parts(tx, current), at=now):
        await _give_back(tx, found, part, given, requested_by=requested_by, reason=reason, now=now)
        total += given
    await end_now(tx, subscription=found, reason=EndReason.REFUNDED, now=now)
    return total


async def _give_back(
    tx: Tx,
    found: Subscription,
    part: PaidPart,
    given: Money,
    *,
    requested_by: UserId | None,
    reason: str,
    now: datetime,
) -> None:
    months, missing = await take_from_open(tx, invoice_id=part.invoice_id, amount=given)
    taken = {month: -amount for month, amount in months.items()}
    wallet = ledger.wallet(user_id=found.user_id, currency=given.currency)
    kept = AccountName(AccountKind.PLATFORM_REVENUE, KEPT, given.currency)
    posted = await wallets.give(
        tx,
        key=f"subscription:{found.subscription_id}:unused:{part.invoice_id}",
        kind="subscription_refund",
        legs=[*legs_of(taken), (kept, -missing), (wallet, given)],
        details={"subscription_id": str(found.subscription_id), "payment_id": str(part.payment_id)},
        at=now,
    )
    await revenue.insert_parts(
        tx,
        transaction_id=posted.transaction_id,
        invoice_id=part.invoice_id,
        payment_id=part.payment_id,
        subscription_id=found.subscription_id,
        user_id=found.user_id,
        parts=taken,
    )
    back = wallets.chargeable(given)
    if back.minor == 0:
        return
    try:
        await checkout.request_refund(
            tx,
            key=f"subscription:{found.subscription_id}:unused:{part.payment_id}",
            payment_id=part.payment_id,
            amount=back,
            reason=reason,
            requested_by=requested_by,
            source=wallet,
        )
    except (NotRefundable, RefundExceedsPayment):
        return  # it is the owner's all the same, in their wallet


async def _paid_parts(tx: Tx, current: Invoice) -> list[PaidPart]:
    """Return the payments behind an invoice: its own, then those whose unused rest had become its credit."""
    found: list[PaidPart] = []
    invoice: Invoice | None = current
    while invoice is not None:
        for attempt in await invoices.list_attempts(tx, invoice_id=invoice.invoice_id):
            settled = await wallets.settlement(tx, payment_id=attempt.payment_id)
            if attempt.state is AttemptState.TAKEN and settled is not None:
                found.append(PaidPart(payment_id=attempt.payment_id, invoice_id=invoice.invoice_id, left=settled.left))
        invoice = None if invoice.follows is None else await invoices.load_invoice(tx, invoice_id=invoice.follows)
    return found


async def lock_of(tx: Tx, *, user_id: UserId) -> Subscription:
    """Return somebody's live subscription, locked.

    Raises:
        SubscriptionMissing: they have none.
    """
    found = await subscriptions.lock_live_of(tx, user_id=user_id)
    if found is None:
        raise SubscriptionMissing("You have no subscription.")
    return found


async def _tell_all(tx: Tx, subscription: Subscription, *, now: datetime) -> None:
    concerned = await everybody_of(tx, subscription_id=subscription.subscription_id, owner=subscription.user_id)
    await announce_changed(tx, user_ids=concerned, now=now)
