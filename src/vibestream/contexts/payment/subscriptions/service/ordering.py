"""Subscribing, trying for free, and paying what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from vibestream.contexts.payment.checkout.service import PaymentView
from vibestream.contexts.payment.subscriptions.domain import subscription as machine
from vibestream.contexts.payment.subscriptions.domain.calendar import end_of
from vibestream.contexts.payment.subscriptions.domain.invoices import Invoice, InvoiceId, InvoiceKind, InvoiceState
from vibestream.contexts.payment.subscriptions.domain.plans import Terms
from vibestream.contexts.payment.subscriptions.domain.subscription import EndReason, State, Subscription
from vibestream.contexts.payment.subscriptions.service.announcing import announce_changed
from vibestream.contexts.payment.subscriptions.service.attempts import Payer, attempt_in_person, void_open
from vibestream.contexts.payment.subscriptions.service.ending import lock_of
from vibestream.contexts.payment.subscriptions.service.selling import plan_named, price_of
from vibestream.contexts.payment.subscriptions.store import invoices, subscriptions
from vibestream.kernel.errors import Conflict
from vibestream.kernel.ids import SubscriptionId, UserId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.kernel.time import Period
from vibestream.platform.database import Tx


class AlreadySubscribed(Conflict):
    """The account has a subscription; change that one."""

    code: ClassVar[str] = "subscriptions.already_subscribed"


class TrialUsed(Conflict):
    """The account has had a trial."""

    code: ClassVar[str] = "subscriptions.trial_used"


class NothingDue(Conflict):
    """Nothing is to be paid for the subscription now."""

    code: ClassVar[str] = "subscriptions.nothing_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A subscription, and the payment that it waits for."""

    subscription: Subscription
    payment: PaymentView | None


async def subscribe(
    tx: Tx, *, user_id: UserId, terms: Terms, currency: Currency, payer: Payer, now: datetime
) -> Ordered:
    """Order a subscription and start its first payment; it begins when that is captured.

    An order of the same account that was never paid is given up for it.

    Raises:
        UnknownPlan, NotSold: it cannot be had so.
        AlreadySubscribed: the account has one.
    """
    price = await price_of(tx, terms=terms, currency=currency, at=now)
    ordered = await _order(tx, user_id=user_id, terms=terms, currency=currency, trial=False, now=now)
    invoice = await open_invoice(
        tx, subscription=ordered, kind=InvoiceKind.FIRST, terms=terms, worth=price.amount, now=now
    )
    payment = await attempt_in_person(tx, subscription=ordered, invoice=invoice, payer=payer, now=now)
    return Ordered(subscription=ordered, payment=payment)


async def start_trial(tx: Tx, *, user_id: UserId, terms: Terms, currency: Currency, now: datetime) -> Subscription:
    """Begin a plan's trial, which an account has once; it ends by itself unless `pay` is called before.

    Raises:
        UnknownPlan, NotSold: it cannot be had so.
        TrialUsed: the account has had one.
        AlreadySubscribed: the account has a subscription.
        WrongState: the plan has no trial.
    """
    await price_of(tx, terms=terms, currency=currency, at=now)
    if await subscriptions.had_trial(tx, user_id=user_id):
        raise TrialUsed("You have had your trial.")
    begun = await _order(tx, user_id=user_id, terms=terms, currency=currency, trial=True, now=now)
    await announce_changed(tx, user_ids=[user_id], now=now)
    return begun


async def pay(tx: Tx, *, user_id: UserId, payer: Payer, now: datetime) -> Ordered:
    """Start a payment of what is due: a first period, a renewal, a change that was begun; or go on with one under way.

    During a trial it pays for the first period after it.

    Raises:
        SubscriptionMissing: the account has no subscription.
        NothingDue: nothing is to be paid.
    """
    found = await lock_of(tx, user_id=user_id)
    invoice = await invoices.load_open(tx, subscription_id=found.subscription_id)
    if invoice is None:
        invoice = await _due(tx, found, now=now)
    payment = await attempt_in_person(tx, subscription=found, invoice=invoice, payer=payer, now=now)
    return Ordered(subscription=found, payment=payment)


async def open_invoice(
    tx: Tx,
    *,
    subscription: Subscription,
    kind: InvoiceKind,
    terms: Terms,
    worth: Money,
    now: datetime,
    credit: Money | None = None,
    covers: Period | None = None,
    basis_end: datetime | None = None,
    follows: InvoiceId | None = None,
) -> Invoice:
    """Ask for a period of a locked subscription that has nothing open."""
    invoice = Invoice(
        invoice_id=InvoiceId(new_id()),
        subscription_id=subscription.subscription_id,
        kind=kind,
        terms=terms,
        worth=worth,
        credit=credit or Money.zero(worth.currency),
        state=InvoiceState.OPEN,
        covers=covers,
        basis_end=basis_end,
        follows=follows,
        made_at=now,
        paid_at=None,
    )
    await invoices.insert_invoice(tx, invoice)
    return invoice


async def open_renewal(tx: Tx, *, subscription: Subscription, now: datetime) -> Invoice:
    """Ask for the next period of a locked subscription, at the price in effect when it begins.

    Raises:
        NotSold: its plan is not sold any more.
        WrongState: there is no period to follow.
    """
    covers = machine.renewal_period(subscription)
    terms = subscription.renewed_as
    price = await price_of(tx, terms=terms, currency=subscription.currency, at=covers.start)
    return await open_invoice(
        tx, subscription=subscription, kind=InvoiceKind.RENEWAL, terms=terms, worth=price.amount, covers=covers, now=now
    )


async def _order(
    tx: Tx, *, user_id: UserId, terms: Terms, currency: Currency, trial: bool, now: datetime
) -> Subscription:
    known = await subscriptions.lock_live_of(tx, user_id=user_id)
    if known is not None and known.state is State.INCOMPLETE:
        await void_open(tx, subscription=known)
        await subscriptions.save_subscription(tx, machine.ended(known, reason=EndReason.ABANDONED, now=now))
    ordered = machine.begin(
        subscription_id=SubscriptionId(new_id()), user_id=user_id, terms=terms, currency=currency, now=now
    )
    if trial:
        ordered = machine.begin_trial(ordered, plan=await plan_named(tx, code=terms.plan), now=now)
    if not await subscriptions.insert_subscription(tx, ordered):
        raise AlreadySubscribed("You have a subscription. Change it instead.")
    return ordered


async def _due(tx: Tx, found: Subscription, *, now: datetime) -> Invoice:
    if found.state in {State.INCOMPLETE, State.TRIALING}:
        begins = now if found.period is None else end_of(found.period)
        price = await price_of(tx, terms=found.terms, currency=found.currency, at=begins)
        return await open_invoice(
            tx, subscription=found, kind=InvoiceKind.FIRST, terms=found.terms, worth=price.amount, now=now
        )
    by_hand = found.method_of is None and found.period is not None and end_of(found.period) - machine.TOLD_BEFORE <= now
    if found.cancels or not (by_hand or found.state is State.PAST_DUE):
        raise NothingDue("Nothing is to be paid now.")
    return await open_renewal(tx, subscription=found, now=now)
