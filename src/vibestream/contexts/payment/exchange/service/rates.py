"""Setting rates and finding the one that is good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from vibestream.contexts.payment.events import RatePublished
from vibestream.contexts.payment.exchange.domain import proposals
from vibestream.contexts.payment.exchange.domain.proposals import Proposal, require_second
from vibestream.contexts.payment.exchange.domain.quotes import Policy, RateUnavailable
from vibestream.contexts.payment.exchange.domain.rates import Rate, pair_of, parse_rate
from vibestream.contexts.payment.exchange.store import rates as store
from vibestream.contexts.payment.exchange.store.rates import RateSet
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import VIBE, Currency, Money
from vibestream.kernel.text import one_line
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish


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


def propose_rate(
    *,
    signing_key: bytes,
    rate_id: UUID,
    base: Currency,
    quote: Currency,
    value: str,
    spread_bp: int,
    source: str,
    effective_from: datetime | None,
    effective_until: datetime | None,
    proposed_by: UserId,
    now: datetime,
) -> str:
    """Return a rate as a signed text that another person can publish within a day. Nothing is written.

    The arguments are those of `set_rate`; `signing_key` is the deployment's.

    Raises:
        InvalidRate: it could not be right.
        RateBackdated: it would begin in the past.
        TextInvalid: no source, a long one, or what cannot be seen in one.
    """
    begins = effective_from or now
    if begins < now:
        raise RateBackdated("A rate begins now or later.")
    kept = one_line(source, field="source", most=100)
    rate = Rate(rate_id, base, quote, parse_rate(value), spread_bp, kept, begins, effective_until)
    proposal = Proposal(
        rate_id=rate_id,
        base=base,
        quote=quote,
        value=rate.decimal,
        spread_bp=spread_bp,
        source=kept,
        effective_from=effective_from,
        effective_until=effective_until,
        proposed_by=proposed_by,
        proposed_at=now,
    )
    return proposals.written(proposal, signing_key=signing_key)


def proposal_of(text: str, *, signing_key: bytes) -> Proposal:
    """Return what a text proposes.

    Raises:
        UnknownProposal: nobody proposed it.
    """
    return proposals.read(text, signing_key=signing_key)


async def publish_rate(tx: Tx, *, proposal: Proposal, published_by: UserId, now: datetime) -> Rate:
    """Publish what somebody else proposed, once, and announce RatePublished; published again, it is the same rate.

    Raises:
        OwnProposal: whoever proposed it would publish it.
        ProposalOver: it is older than a day.
        InvalidRate, RateBackdated, RateExists: as `set_rate`.
    """
    require_second(proposal, published_by=published_by, now=now)
    known = await store.load_rate(tx, proposal.rate_id)
    if known is not None:
        return known
    rate = await set_rate(
        tx,
        rate_id=proposal.rate_id,
        base=proposal.base,
        quote=proposal.quote,
        value=proposal.value,
        spread_bp=proposal.spread_bp,
        source=proposal.source,
        effective_from=proposal.effective_from,
        effective_until=proposal.effective_until,
        set_by=published_by,
        now=now,
    )
    await publish(
        tx,
        RatePublished(
            rate_id=rate.rate_id,
            pair=f"{rate.base.code}/{rate.quote.code}",
            rate=rate.decimal,
            proposed_by=proposal.proposed_by,
            published_by=published_by,
            occurred_at=now,
        ),
    )
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


async def rates_set(tx: Tx, *, before: tuple[datetime, UUID] | None = None, limit: int) -> list[RateSet]:
    """Return up to `limit` rates of all pairs with who set each, those that begin latest first, and of one instant by id.

    `before` is when the last one seen begins, and its id.
    """
    return await store.list_rates_set(tx, before=before, limit=limit)
