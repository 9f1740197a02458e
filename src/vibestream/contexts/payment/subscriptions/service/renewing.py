"""What time asks for: renewals, dunning, notices before an end, ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from vibestream.contexts.payment.checkout.service import MethodNotKept
from vibestream.contexts.payment.events import RenewalDue, TrialEnding
from vibestream.contexts.payment.subscriptions.domain.calendar import end_of
from vibestream.contexts.payment.subscriptions.domain.invoices import Invoice, InvoiceKind
from vibestream.contexts.payment.subscriptions.domain.subscription import Subscription
from vibestream.contexts.payment.subscriptions.domain.timing import ENDS, Step, next_step
from vibestream.contexts.payment.subscriptions.service.attempts import attempt_by_method, under_way, void_open
from vibestream.contexts.payment.subscriptions.service.ending import end_now
from vibestream.contexts.payment.subscriptions.service.ordering import open_renewal
from vibestream.contexts.payment.subscriptions.service.selling import price_of
from vibestream.contexts.payment.subscriptions.service.settling import announce_end_unpaid, fail_renewal
from vibestream.contexts.payment.subscriptions.store import invoices, subscriptions
from vibestream.kernel.ids import SubscriptionId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish


async def list_due(tx: Tx, *, now: datetime, after: SubscriptionId | None = None, limit: int) -> list[SubscriptionId]:
    """Return up to `limit` subscriptions of which time asks something, by id, above one."""
    return await subscriptions.list_due(tx, now=now, after=after, limit=limit)


async def do_next(tx: Tx, *, subscription_id: SubscriptionId, now: datetime) -> Step:
    """Do with a subscription what time asks for, and return what that was. Doing it again finds nothing more to do.

    A renewal charges the stored method; without one, or when it is not kept any more, its owner is asked to pay, and that
    counts as an attempt of the schedule. While a payment is under way nothing further is charged.

    Raises:
        NotSold: its plan is not sold any more.
    """
    found = await subscriptions.lock_subscription(tx, subscription_id=subscription_id)
    if found is None:
        return Step.NOTHING
    step = next_step(found, now=now)
    if step in ENDS:
        if step is Step.END_UNPAID:
            await announce_end_unpaid(tx, subscription=found, now=now)
        await end_now(tx, subscription=found, reason=ENDS[step], now=now)
    elif step in {Step.TELL_TRIAL_ENDS, Step.TELL_RENEWAL_DUE}:
        await _tell(tx, found, step=step, now=now)
    elif step is Step.RENEW:
        await _renew(tx, found, now=now)
    return step


async def _tell(tx: Tx, found: Subscription, *, step: Step, now: datetime) -> None:
    if found.period is None:
        return
    end = end_of(found.period)
    price = await price_of(tx, terms=found.renewed_as, currency=found.currency, at=end)
    if step is Step.TELL_TRIAL_ENDS:
        await publish(
            tx,
            TrialEnding(
                occurred_at=now,
                subscription_id=found.subscription_id,
                user_id=found.user_id,
                plan=found.terms.plan,
                amount=price.amount,
                ends_at=end,
            ),
        )
    else:
        await _ask_owner(tx, found, price.amount, now=now)
    await subscriptions.save_subscription(tx, replace(found, told_of_end=end))


async def _renew(tx: Tx, found: Subscription, *, now: datetime) -> None:
    invoice = await invoices.load_open(tx, subscription_id=found.subscription_id)
    if invoice is not None and invoice.kind is not InvoiceKind.RENEWAL:  # a change that nobody paid in time
        await void_open(tx, subscription=found)
        invoice = None
    if invoice is None:
        invoice = await open_renewal(tx, subscription=found, now=now)
    if await under_way(tx, invoice=invoice):
        return
    if found.method_of is not None:
        try:
            await attempt_by_method(tx, subscription=found, invoice=invoice, method_of=found.method_of, now=now)
        except MethodNotKept:
            found = replace(found, method_of=None)
        else:
            await subscriptions.save_subscription(tx, replace(found, next_attempt_at=None))
            return
    await _ask_for_payment(tx, found, invoice, now=now)


async def _ask_for_payment(tx: Tx, found: Subscription, invoice: Invoice, *, now: datetime) -> None:
    failed = await fail_renewal(tx, subscription=found, invoice=invoice, charged=False, now=now)
    if failed.live:
        await _ask_owner(tx, failed, invoice.charge, now=now)


async def _ask_owner(tx: Tx, found: Subscription, amount: Money, *, now: datetime) -> None:
    if found.period is None:
        return
    await publish(
        tx,
        RenewalDue(
            occurred_at=now,
            subscription_id=found.subscription_id,
            user_id=found.user_id,
            plan=found.renewed_as.plan,
            amount=amount,
            period_end=end_of(found.period),
        ),
    )
