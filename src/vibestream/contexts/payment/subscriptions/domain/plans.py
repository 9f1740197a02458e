"""Plans, what they entitle to, and prices by when they take effect."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput, Missing
from vibestream.kernel.money import Currency, Money

FREE: Final = "free"
"""The plan of everybody who has no other."""


class UnknownPlan(Missing):
    """There is no such plan."""

    code: ClassVar[str] = "subscriptions.unknown_plan"


class NotSold(InvalidInput):
    """The plan is not sold for this time and in this currency."""

    code: ClassVar[str] = "subscriptions.not_sold"


class Cycle(enum.StrEnum):
    """How long one period is."""

    MONTHLY = "monthly"
    YEARLY = "yearly"

    @property
    def months(self) -> int:
        """Its length in months."""
        return 1 if self is Cycle.MONTHLY else 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What can be subscribed to."""

    code: str
    rank: int
    """A higher one includes what a lower one has."""
    name: str
    max_kbps: int
    """The best lossy quality."""
    lossless: bool
    seats: int
    """How many accounts share it, its owner included."""
    trial_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one period of a plan costs from an instant on, until a later price takes effect."""

    plan: str
    cycle: Cycle
    amount: Money
    least_charge: Money
    """The smallest amount that gateways take in this currency."""
    effective_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What somebody is subscribed to."""

    plan: str
    cycle: Cycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlements:
    """What somebody may hear, and until when that is known."""

    plan: str
    max_kbps: int
    lossless: bool
    until: datetime | None
    """None: without an end, as the free plan."""


def price_at(prices: Iterable[Price], *, terms: Terms, currency: Currency, at: datetime) -> Price:
    """Return the price that is in effect at an instant.

    Raises:
        NotSold: none is.
    """
    found = [
        price
        for price in prices
        if (price.plan, price.cycle, price.amount.currency) == (terms.plan, terms.cycle, currency)
        and price.effective_from <= at
    ]
    if not found:
        raise NotSold(f"{terms.plan} is not sold {terms.cycle.value} in {currency.code}.")
    return max(found, key=lambda price: price.effective_from)


def best(entitlements: Iterable[Entitlements]) -> Entitlements:
    """Return the best of several, which must not be none: lossless, then bitrate, then the later end."""
    return max(
        entitlements,
        key=lambda one: (one.lossless, one.max_kbps, one.until is None, one.until.timestamp() if one.until else 0),
    )
