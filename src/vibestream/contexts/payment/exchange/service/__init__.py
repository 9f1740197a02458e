"""Rates, quotes, exchanges, reserves, and what is owed for points. The public interface of this capability.

offer = await quote(tx, user_id=ana, sell=Money.parse("10", USD), buy=EUR, policy=policy, now=now)
done = await execute(tx, quote_id=offer.quote_id, user_id=ana, policy=policy, now=now)    # again: the same one
"""

from vibestream.contexts.payment.exchange.domain.points import Liability, Points
from vibestream.contexts.payment.exchange.domain.proposals import (
    OwnProposal,
    Proposal,
    ProposalOver,
    UnknownProposal,
)
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
    proposal_of,
    propose_rate,
    publish_rate,
    rate_history,
    rates_now,
    rates_set,
    set_rate,
)
from vibestream.contexts.payment.exchange.store.rates import RateSet

__all__ = [
    "AmountTooLarge",
    "AmountTooSmall",
    "Exchange",
    "InvalidExpiry",
    "InvalidRate",
    "InvalidSource",
    "Liability",
    "NotExchangeable",
    "OwnProposal",
    "Points",
    "PointsUncovered",
    "Policy",
    "Proposal",
    "ProposalOver",
    "Quote",
    "QuoteExpired",
    "Rate",
    "RateBackdated",
    "RateExists",
    "RateSet",
    "RateUnavailable",
    "RedemptionLimit",
    "RedemptionTooSmall",
    "ReserveTooSmall",
    "UnknownProposal",
    "UnknownQuote",
    "cover_points",
    "current_rate",
    "execute",
    "expire_points",
    "fund_reserve",
    "liability",
    "policy_of",
    "proposal_of",
    "propose_rate",
    "publish_rate",
    "quote",
    "quote_of_person",
    "rate_history",
    "rates_now",
    "rates_set",
    "reverse",
    "set_rate",
]
