"""What is left of a period, and what changing a plan in the middle of one costs. Integers, exact.

    unused(worth, period, at) = worth * seconds left of the period // seconds of the period   (half to even)
    used = worth - unused

A change to a plan for the same time keeps the period's end and is worth the new price for what is left of it; a change
of the time begins a new period and is worth its whole price. The unused rest of what was paid is its credit:

    charge = worth - credit

so that worth = charge + credit, and used + credit = what was paid before: nothing is lost or counted twice. A change
whose credit is at least its worth waits for the end of the period; nothing is ever paid out for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.payment.subscriptions.domain.calendar import end_of, period_from, seconds, seconds_left
from vibestream.contexts.payment.subscriptions.domain.plans import Price, Terms
from vibestream.contexts.payment.wallets.domain import chargeable
from vibestream.kernel.money import Money, divide_half_even
from vibestream.kernel.time import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a change would cost, and when it would take effect."""

    terms: Terms
    at_once: bool
    """Else with the next period, at its full price and without a credit."""
    worth: Money
    """Of what it covers."""
    credit: Money
    """The unused rest of what was paid, at most what it is worth."""
    charge: Money
    """To be paid now. What gateways cannot take of it (less than their least, further decimals) is given away."""
    covers: Period

    @property
    def due(self) -> Money:
        """What it is worth beyond its credit, charged or given away."""
        return self.worth - self.credit


def unused(worth: Money, *, period: Period, at: datetime) -> Money:
    """Return what is left of what a period is worth: all of it before the period, nothing after it."""
    left = seconds_left(period, at=at)
    return Money(divide_half_even(worth.minor * left, seconds(period)), worth.currency)


def quote(
    *,
    paid: Money,
    paid_for: Period,
    period: Period,
    anchor: datetime,
    current: Terms,
    wanted: Terms,
    price: Price,
    at: datetime,
) -> Quote:
    """Return what changing to other terms in the middle of a period costs.

    Args:
        paid: what was paid last is worth: what was charged, and the credit that was taken into account.
        paid_for: what it covers: the present period, or its rest after a change.
        period: the present period, whole.
        anchor: where months are counted from.
        current: what is subscribed to now.
        wanted: what is wanted.
        price: of what is wanted, in the same currency.
        at: when.
    """
    credit = unused(paid, period=paid_for, at=at)
    if wanted.cycle is current.cycle:
        covers = Period(max(at, period.start), period.end)
        worth = unused(price.amount, period=period, at=at)
    else:
        covers = period_from(at, anchor=at, months=wanted.cycle.months)
        worth = price.amount
    due = worth - credit
    zero = Money.zero(paid.currency)
    if due.minor <= 0:
        later = period_from(end_of(period), anchor=anchor, months=wanted.cycle.months)
        return Quote(terms=wanted, at_once=False, worth=price.amount, credit=zero, charge=zero, covers=later)
    charge = chargeable(due) if price.least_charge <= chargeable(due) else zero
    return Quote(terms=wanted, at_once=True, worth=worth, credit=credit, charge=charge, covers=covers)
