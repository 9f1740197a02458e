"""Changing what is subscribed to: at once for the difference, or with the next period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from vibestream.contexts.payment.checkout.service import PaymentView
from vibestream.contexts.payment.subscriptions.domain import subscription as machine
from vibestream.contexts.payment.subscriptions.domain.calendar import end_of
from vibestream.contexts.payment.subscriptions.domain.invoices import Invoice, InvoiceKind
from vibestream.contexts.payment.subscriptions.domain.plans import Terms
from vibestream.contexts.payment.subscriptions.domain.proration import Quote, quote
from vibestream.contexts.payment.subscriptions.domain.subscription import State, Subscription, WrongState
from vibestream.contexts.payment.subscriptions.service.attempts import Payer, attempt_in_person, void_open
from vibestream.contexts.payment.subscriptions.service.ending import SubscriptionMissing, lock_of
from vibestream.contexts.payment.subscriptions.service.ordering import open_invoice
from vibestream.contexts.payment.subscriptions.service.selling import price_of
from vibestream.contexts.payment.subscriptions.service.settling import take_effect
from vibestream.contexts.payment.subscriptions.store import invoices, subscriptions
from vibestream.kernel.errors import Conflict
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


class NothingChanges(Conflict):
    """It is what is subscribed to already, and nothing else was planned."""

    code: ClassVar[str] = "subscriptions.nothing_changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change came to."""

    subscription: Subscription
    quote: Quote | None
    """None when a planned change was dropped."""
    payment: PaymentView | None
    """What is to be paid before it takes effect; None: it has, or will with the next period."""


async def quote_change(tx: Tx, *, user_id: UserId, terms: Terms, now: datetime) -> Quote:
    """Return what changing somebody's subscription would cost now, without changing anything.

    Raises:
        SubscriptionMissing: they have none.
        WrongState: it is not active, or ends with its period.
        NothingChanges: it is that already.
        UnknownPlan, NotSold: it cannot be had so.
    """
    found = await subscriptions.load_newest_of(tx, user_id=user_id)
    if found is None or not found.live:
        raise SubscriptionMissing("You have no subscription.")
    if terms == found.terms:
        raise NothingChanges("That is what you have.")
    asked, _ = await _quote(tx, found, terms, now=now)
    return asked


async def change_plan(tx: Tx, *, user_id: UserId, terms: Terms, payer: Payer, now: datetime) -> Changed:
    """Change what somebody is subscribed to, as the quote says: at once, when what it costs is paid; or with the next period.

    A change that was begun before and not paid is given up. Asking for what is subscribed to drops a planned change.

    Raises:
        SubscriptionMissing: they have none.
        WrongState: it is not active, or ends with its period.
        NothingChanges: it is that already, and nothing else was planned.
        UnknownPlan, NotSold: it cannot be had so.
    """
    found = await lock_of(tx, user_id=user_id)
    if terms == found.terms:
        return await _drop(tx, found)
    asked, current = await _quote(tx, found, terms, now=now)
    await void_open(tx, subscription=found)
    if not asked.at_once:
        planned = machine.change_scheduled(found, terms=terms)
        await subscriptions.save_subscription(tx, planned)
        return Changed(subscription=planned, quote=asked, payment=None)
    same_cycle = terms.cycle is found.terms.cycle
    invoice = await open_invoice(
        tx,
        subscription=found,
        kind=InvoiceKind.CHANGE,
        terms=terms,
        worth=asked.worth,
        credit=asked.worth - asked.charge,
        covers=asked.covers if same_cycle else None,
        basis_end=None if found.period is None else found.period.end,
        follows=current.invoice_id,
        now=now,
    )
    if asked.charge.minor == 0:
        given = await _given_away(tx, found, invoice, asked, now=now)
        return Changed(subscription=given, quote=asked, payment=None)
    payment = await attempt_in_person(tx, subscription=found, invoice=invoice, payer=payer, now=now)
    return Changed(subscription=found, quote=asked, payment=payment)


async def _drop(tx: Tx, found: Subscription) -> Changed:
    if found.next_terms is None:
        raise NothingChanges("That is what you have.")
    kept = machine.change_scheduled(found, terms=None)
    await subscriptions.save_subscription(tx, kept)
    return Changed(subscription=kept, quote=None, payment=None)


async def _quote(tx: Tx, found: Subscription, terms: Terms, *, now: datetime) -> tuple[Quote, Invoice]:
    current = await invoices.load_last_paid(tx, subscription_id=found.subscription_id)
    if (
        found.state is not State.ACTIVE
        or found.cancels
        or current is None
        or current.covers is None
        or found.period is None
        or found.anchor is None
        or end_of(found.period) <= now
    ):
        raise WrongState("Only an active subscription that goes on can be changed.", state=found.state)
    price = await price_of(tx, terms=terms, currency=found.currency, at=now)
    asked = quote(
        paid=current.worth,
        paid_for=current.covers,
        period=found.period,
        anchor=found.anchor,
        current=found.terms,
        wanted=terms,
        price=price,
        at=now,
    )
    return asked, current


async def _given_away(tx: Tx, found: Subscription, invoice: Invoice, asked: Quote, *, now: datetime) -> Subscription:
    """Let a change take effect that costs less than a gateway takes."""
    same_cycle = asked.terms.cycle is found.terms.cycle
    period = found.period if same_cycle and found.period is not None else asked.covers
    anchor = found.anchor if same_cycle and found.anchor is not None else asked.covers.start
    changed = machine.paid(found, terms=asked.terms, period=period, anchor=anchor, method_of=None)
    changed = replace(changed, told_of_end=found.told_of_end)
    await take_effect(tx, invoice=invoice, covers=asked.covers, paid=changed, at=now, now=now)
    return changed
