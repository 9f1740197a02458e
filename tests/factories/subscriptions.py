"""Subscriptions as values, without a database.

sub = make_active(start=datetime(2026, 1, 31, tzinfo=UTC))        # premium, monthly, paid until 28 February
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from vibestream.contexts.payment.subscriptions.domain import subscription as machine
from vibestream.contexts.payment.subscriptions.domain.calendar import period_from
from vibestream.contexts.payment.subscriptions.domain.plans import Cycle, Plan, Price, Terms
from vibestream.contexts.payment.subscriptions.domain.subscription import Subscription
from vibestream.kernel.ids import SubscriptionId, UserId, new_id
from vibestream.kernel.money import USD, Money

SOLD_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
START: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
PREMIUM: Final = Terms(plan="premium", cycle=Cycle.MONTHLY)
PREMIUM_YEARLY: Final = Terms(plan="premium", cycle=Cycle.YEARLY)
FAMILY: Final = Terms(plan="family", cycle=Cycle.MONTHLY)
FAMILY_YEARLY: Final = Terms(plan="family", cycle=Cycle.YEARLY)
PLAN: Final = Plan(code="premium", rank=1, name="Premium", max_kbps=320, lossless=True, seats=1, trial_days=30)


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def make_price(terms: Terms, minor: int, *, since: datetime = SOLD_SINCE) -> Price:
    return Price(
        plan=terms.plan,
        cycle=terms.cycle,
        amount=Money(minor, USD),
        least_charge=Money(50, USD),
        effective_from=since,
    )


def make_ordered(*, terms: Terms = PREMIUM, now: datetime = START, **changes: Any) -> Subscription:
    return machine.begin(
        subscription_id=SubscriptionId(new_id()),
        user_id=UserId(new_id()),
        terms=terms,
        currency=USD,
        now=now,
        **changes,
    )


def make_active(*, terms: Terms = PREMIUM, start: datetime = START, method: bool = False) -> Subscription:
    period = period_from(start, anchor=start, months=terms.cycle.months)
    method_of = new_id() if method else None
    return machine.paid(
        make_ordered(terms=terms, now=start),
        terms=terms,
        period=period,
        anchor=start,
        method_of=method_of,  # type: ignore[arg-type]  # any id will do
    )
