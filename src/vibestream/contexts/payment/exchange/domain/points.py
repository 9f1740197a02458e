"""Points: where those that were issued are, and what the platform owes for them."""

from __future__ import annotations

from dataclasses import dataclass

from vibestream.contexts.payment.exchange.domain.quotes import REDEEMED_IN
from vibestream.contexts.payment.exchange.domain.rates import Rate, converted
from vibestream.kernel.money import BASIS_POINTS, VIBE, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Where points are: issued = in pools + outstanding + redeemed + expired."""

    issued: Money
    in_pools: Money
    """In reward pools: budgets that nobody has earned. The platform owes nothing for them."""
    redeemed: Money
    expired: Money

    @property
    def outstanding(self) -> Money:
        """What people hold, or set aside for something: what may still come back for money."""
        return self.issued - self.in_pools - self.redeemed - self.expired


@dataclass(frozen=True, slots=True, kw_only=True)
class Liability:
    """What the platform owes for points, and what it has set aside for that."""

    points: Points
    rate: Rate | None
    """At which points are redeemed now; None: nobody is promised anything."""
    owed: Money
    """What all outstanding points are worth at the rate, before the spread."""
    set_aside: Money

    @property
    def coverage_bp(self) -> int | None:
        """What part of what is owed is set aside, in basis points; None when nothing is owed."""
        return self.set_aside.minor * BASIS_POINTS // self.owed.minor if self.owed.minor else None


def owed_for(outstanding: Money, *, rate: Rate | None) -> Money:
    """Return what points are worth at the rate at which they are redeemed, before the spread, rounded up."""
    if rate is None or outstanding.minor <= 0:
        return Money.zero(REDEEMED_IN)
    return converted(outstanding, rate=rate, into=REDEEMED_IN, spread=False, up=True)


def cover_for(outstanding: Money, *, rate: Rate | None, cover_bp: int) -> Money:
    """Return what is to be set aside for outstanding points by policy, rounded up."""
    owed = owed_for(outstanding, rate=rate)
    return Money(-(-owed.minor * cover_bp // BASIS_POINTS), REDEEMED_IN)


NO_POINTS = Money.zero(VIBE)
