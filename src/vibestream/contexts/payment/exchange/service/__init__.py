"""Rates, quotes, exchanges, reserves, and what is owed for points. The public interface of this capability.

offer = await quote(tx, user_id=ana, sell=Money.parse("10", USD), buy=EUR, policy=policy, now=now)
done = await execute(tx, quote_id=offer.quote_id, user_id=ana, policy=policy, now=now)    # again: the same one
"""

from vibestream.contexts.payment.exchange.domain.points import Liability, Points
from vibestream.contexts.payment.exchange.domain.quotes import (
    Exchange,
    Policy,
    Quote,
    QuoteExpired,
    RateUnavailable,
    RedemptionLimit,
    RedemptionTooSmall,
)
from vibestream.contexts.payment.exchange.domain.rates import (
    AmountTooLarge,
    AmountTooSmall,
    InvalidRate,
    NotExchangeable,
    Rate,
)
from vibestream.contexts.payment.exchange.service.exchanging import (
    InvalidSource,
    ReserveTooSmall,
    UnknownQuote,
    execute,
    fund_reserve,
    quote,
    quote_of_person,
    reverse,
)
from vibestream.contexts.payment.exchange.service.points import (
    InvalidExpiry,
    PointsUncovered,
    cover_points,
    expire_points,
    liability,
)
from vibestream.contexts.payment.exchange.service.rates import (
    RateBackdated,
    RateExists,
    current_rate,
    policy_of,
    rate_history,
    rates_now,
    set_rate,
)

__all__ = [
    "AmountTooLarge",
    "AmountTooSmall",
    "Exchange",
    "InvalidExpiry",
    "InvalidRate",
    "InvalidSource",
    "Liability",
    "NotExchangeable",
    "Points",
    "PointsUncovered",
    "Policy",
    "Quote",
    "QuoteExpired",
    "Rate",
    "RateBackdated",
    "RateExists",
    "RateUnavailable",
    "RedemptionLimit",
    "RedemptionTooSmall",
    "ReserveTooSmall",
    "UnknownQuote",
    "cover_points",
    "current_rate",
    "execute",
    "expire_points",
    "fund_reserve",
    "liability",
    "policy_of",
    "quote",
    "quote_of_person",
    "rate_history",
    "rates_now",
    "reverse",
    "set_rate",
]
