"""Quotes: an amount that is offered for another one, for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from vibestream.contexts.payment.exchange.domain.rates import AmountTooSmall, NotExchangeable, Rate, converted
from vibestream.kernel.errors import Conflict, Gone, InvalidInput, Limited
from vibestream.kernel.ids import TransactionId, UserId
from vibestream.kernel.money import USD, VIBE, Currency, Money

REDEEMED_IN = USD
"""What points are redeemed for."""
DAY = timedelta(days=1)


class RateUnavailable(Conflict):
    """There is no rate between the two currencies that is good now."""

    code: ClassVar[str] = "exchange.rate_unavailable"


class QuoteExpired(Gone):
    """The quote's time is over; ask for a new one."""

    code: ClassVar[str] = "exchange.quote_expired"


class RedemptionTooSmall(InvalidInput):
    """Fewer points than are redeemed at once at least."""

    code: ClassVar[str] = "exchange.redemption_too_small"

    def __init__(self, *, least: Money) -> None:
        super().__init__(f"Redeem at least {least} at once.")
        self.least = str(least)


class RedemptionLimit(Limited):
    """More points than one person redeems within a day."""

    code: ClassVar[str] = "exchange.redemption_limit"

    def __init__(self, *, left: Money, retry_after_s: int) -> None:
        super().__init__(f"You can redeem {left} more within these 24 hours.", retry_after_s=retry_after_s)
        self.left = str(left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long quotes stand, and how many points are redeemed."""

    lasts: timedelta
    redeem_least: Money
    redeem_daily: Money
    """By one person within 24 hours."""
    cover_bp: int
    """What part of the points that people hold is covered by money set aside, in basis points."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What was offered to a person."""

    quote_id: UUID
    user_id: UserId
    sell: Money
    """What the person gives."""
    buy: Money
    """What the person gets."""
    rate: Rate
    quoted_at: datetime
    expires_at: datetime

    @property
    def is_redemption(self) -> bool:
        """Whether it is points that are given."""
        return self.sell.currency == VIBE


@dataclass(frozen=True, slots=True)
class Exchange:
    """A quote that was carried out."""

    quote: Quote
    transaction_id: TransactionId
    executed_at: datetime


def quoted(
    *, quote_id: UUID, user_id: UserId, sell: Money, buy: Currency, rate: Rate, policy: Policy, now: datetime
) -> Quote:
    """Return the offer for an amount at a rate.

    Raises:
        AmountTooSmall: it is worth nothing, or not positive.
        RedemptionTooSmall: too few points.
        whatever `converted` raises.
    """
    if sell.minor <= 0:
        raise AmountTooSmall("Exchange a positive amount.")
    if sell.currency == VIBE and sell < policy.redeem_least:
        raise RedemptionTooSmall(least=policy.redeem_least)
    bought = converted(sell, rate=rate, into=buy)
    if bought.minor == 0:
        raise AmountTooSmall(f"{sell} is worth less than the smallest amount of {buy.code}.")
    until = now + policy.lasts
    if rate.effective_until is not None:
        until = min(until, rate.effective_until)
    return Quote(quote_id, user_id, sell, bought, rate, now, until)


def require_pair(sell: Currency, buy: Currency) -> None:
    """Check that one currency can be given for the other: money for money, points for dollars, nothing for points.

    Raises:
        NotExchangeable: it cannot.
    """
    if sell == buy:
        raise NotExchangeable("These are the same currency.")
    if buy == VIBE:
        raise NotExchangeable("Points are earned by listening and cannot be bought.")
    if sell == VIBE and buy != REDEEMED_IN:
        raise NotExchangeable(f"Points are redeemed for {REDEEMED_IN.code}, which you can exchange then.")


def require_within_limit(*, asked: Money, redeemed: Money, policy: Policy) -> None:
    """Check that a person may redeem so many points after what they redeemed within these 24 hours.

    Raises:
        RedemptionLimit: they may not.
    """
    left = policy.redeem_daily - redeemed
    if left < asked:
        raise RedemptionLimit(left=max(left, Money.zero(VIBE)), retry_after_s=int(DAY.total_seconds()))
