"""Setting rates and finding the one that is good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from vibestream.contexts.payment.exchange.domain.quotes import Policy, RateUnavailable
from vibestream.contexts.payment.exchange.domain.rates import Rate, pair_of, parse_rate
from vibestream.contexts.payment.exchange.store import rates as store
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import VIBE, Currency, Money
from vibestream.kernel.text import one_line
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx


class RateBackdated(InvalidInput):
    """A rate begins now or later: what was offered at another one is not rewritten."""

    code: ClassVar[str] = "exchange.rate_backdated"


class RateExists(Conflict):
    """The pair has a rate from the same instant on."""

    code: ClassVar[str] = "exchange.rate_exists"


def policy_of(settings: Settings) -> Policy:
    """Return how long quotes stand and how many points are redeemed, by the deployment's settings."""
    return Policy(
        lasts=timedelta(seconds=settings.exchange_quote_s),
        redeem_least=Money.parse(str(settings.redeem_least_vibe), VIBE),
        redeem_daily=Money.parse(str(settings.redeem_daily_vibe), VIBE),
        cover_bp=settings.points_cover_bp,
    )


async def set_rate(
    tx: Tx,
    *,
    rate_id: UUID,
    base: Currency,
    quote: Currency,
    value: str,
    spread_bp: int,
    source: str,
    effective_from: datetime | None,
    effective_until: datetime | None = None,
    set_by: UserId | None,
    now: datetime,
) -> Rate:
    """Publish a rate from an instant on, until it ends or the next one begins. It is never changed.

    Args:
        tx: the caller's transaction.
        rate_id: of the new rate.
        base: the currency of which one whole unit is priced; of a pair VIBE, otherwise the one first by code.
        quote: the other one.
        value: whole units of it, a plain decimal such as `1.0842`.
        spread_bp: what the platform keeps of every exchange, in basis points.
        source: where it comes from, for people.
        effective_from: when it begins; None: now.
        effective_until: when it ends by itself; None: with the next one.
        set_by: who set it.
        now: the instant of asking.

    Raises:
        InvalidRate: it could not be right.
        RateBackdated: it would begin in the past.
        RateExists: the pair has one from that instant on.
    """
    begins = effective_from or now
    if begins < now:
        raise RateBackdated("A rate begins now or later.")
    rate = Rate(
        rate_id,
        base,
        quote,
        parse_rate(value),
        spread_bp,
        one_line(source, field="source", most=100),
        begins,
        effective_until,
    )
    if not await store.insert_rate(tx, rate, set_by=set_by):
        raise RateExists("There is a rate of this pair from the same instant on.")
    return rate


async def current_rate(tx: Tx, *, one: Currency, other: Currency, now: datetime) -> Rate:
    """Return the rate between two currencies, either way round, that is good now.

    Raises:
        RateUnavailable: there is none; an older one that has ended is not taken instead.
        InvalidRate: the currencies are the same.
    """
    rate = await store.load_rate_at(tx, *pair_of(one, other), now)
    if rate is None or not rate.is_good_at(now):
        raise RateUnavailable(f"There is no rate between {one.code} and {other.code} now.")
    return rate


async def rates_now(tx: Tx, *, now: datetime) -> list[Rate]:
    """Return the rate of each pair that has one now."""
    return await store.list_rates_at(tx, now)


async def rate_history(tx: Tx, *, before: datetime | None = None, limit: int) -> list[Rate]:
    """Return up to `limit` rates of all pairs, those that begin latest first; only those that begin before an instant."""
    return await store.list_rates(tx, before=before, limit=limit)
