"""Reward pools: opening epochs and granting rewards from them. The public interface of this capability."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from vibestream.contexts.listen_reward.allocation import service as allocation
from vibestream.contexts.listen_reward.allocation.service import PoolPolicy
from vibestream.contexts.listen_reward.events import RewardGranted
from vibestream.contexts.listen_reward.insiders import service as insiders
from vibestream.contexts.listen_reward.pools import domain, store
from vibestream.contexts.listen_reward.pools.domain import (
    Accepted,
    Decision,
    Epoch,
    Outcome,
    Policy,
    Side,
    Simulated,
    Sourced,
)
from vibestream.contexts.listen_reward.pools.store import Weighed
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.kernel.errors import InvalidInput, Unavailable
from vibestream.kernel.ids import ArtistId, RewardId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

__all__ = ["Accepted", "Decision", "Epoch", "Outcome", "Policy", "Side", "Simulated", "Sourced"]


MOST_SIMULATED: Final = 200_000
"""Listens of a day that a policy is tried on: a second of processor."""


class EpochTooLarge(InvalidInput):
    """More listens counted in an epoch than a policy is tried on while somebody waits."""

    code = "pools.epoch_too_large"


class EpochNotOpen(Unavailable):
    """A listen was accepted in an epoch that nobody opened: a defect of the caller, never of the listener."""

    code = "pools.epoch_not_open"


def policy_of(settings: Settings) -> Policy:
    """Return what a new epoch pays, as the settings have it."""
    return Policy(
        budget=Money(settings.reward_budget_vibe * 10**VIBE.exponent, VIBE),
        per_listen=Money(settings.reward_per_listen_vibe_minor, VIBE),
        warm_up_days=settings.warm_up_days,
    )


async def open_epochs(tx: Tx, *, policy: Policy, now: datetime) -> None:
    """Open the epoch of now and the next one, with this policy, where they are not open yet.

    The next one as well, because a listen that is opened today may be accepted tomorrow.
    """
    today = domain.epoch_of(now)
    await store.insert_epochs(tx, [today, today + timedelta(days=1)], policy)


async def grant(tx: Tx, *, accepted: Sequence[Accepted], now: datetime) -> list[Decision]:
    """Decide what accepted listens earn, in their order, and announce each reward that is paid directly.

    A listen of somebody who registered an identity gets a receipt instead, and what it earns is paid by a claim: one listen,
    one decision, one way. When its epoch is closed already, it is of the next one that is not.

    A listen that was decided before is passed over: granting twice grants once. Within an epoch one call at a time is
    served, so that the budget is never overspent.

    Raises:
        EpochNotOpen: a listen's epoch does not exist.
    """
    decisions = []
    for day in sorted({domain.epoch_of(one.accepted_at) for one in accepted}):
        decisions += await _grant_of(tx, day, [one for one in accepted if domain.epoch_of(one.accepted_at) == day], now)
    return decisions


async def unsettled(tx: Tx, *, until: date) -> list[date]:
    """Return the epochs up to one that a policy is to spread and did not yet, the earliest first."""
    return await store.list_unsettled(tx, until=until)


async def unfunded(tx: Tx, *, until: date) -> list[date]:
    """Return the epochs up to one whose policy names sources that gave nothing yet, the earliest first."""
    return await store.list_unfunded(tx, until=until)


async def wanted(tx: Tx, *, epoch: date) -> tuple[tuple[str, Money], ...]:
    """Lock an epoch and return what its sources are still to give it; nothing: they gave, or its policy names none."""
    pool = await store.lock_epoch(tx, epoch)
    if pool is None or pool.policy_id is None or pool.funded is not None or pool.is_settled:
        return ()
    policy = await allocation.policy(tx, policy_id=pool.policy_id)
    return policy.wanted if policy.named else ()


async def fund(tx: Tx, *, epoch: date, given: Sequence[Sourced]) -> None:
    """Note what sources gave an epoch, once, in the transaction that took it from them: it pays no more than that."""
    await store.fund_epoch(tx, epoch, given)


async def sourced(tx: Tx, *, epochs: Iterable[date]) -> list[Sourced]:
    """Return what the sources of epochs were to give and gave, by day and source; epochs without named ones have none."""
    return await store.list_sourced(tx, epochs)


async def sourced_days(tx: Tx) -> list[date]:
    """Return the epochs that named sources gave to, or were to."""
    return await store.list_sourced_days(tx)


async def settle(tx: Tx, *, epoch: date, now: datetime) -> Epoch | None:
    """Spread an epoch's budget over its weighed listens by its policy, once, and announce each reward that is paid directly.

    What a listener earns by receipts is cut to whole units, so that summaries say it exactly; a unit is what comes out for
    at most `2 ** UNIT_BITS - 1` of them. The sums never exceed the budget. The caller has locked the epoch's receipts, so
    that none comes in between. An epoch without a policy, or that was settled before, is left as it is; None: there is none.
    """
    pool = await store.lock_epoch(tx, epoch)
    if pool is None or pool.policy_id is None or pool.is_settled:
        return pool
    policy = await allocation.policy(tx, policy_id=pool.policy_id)
    listens = await store.list_weighed(tx, epoch, new_since=epoch - timedelta(days=policy.new_artist_days))
    shares, unit = await asyncio.to_thread(_spread, pool, listens, policy)
    await store.insert_shares(tx, [(one.listen_id, share) for one, share in zip(listens, shares, strict=True)], now=now)
    granted = sum(shares, Money.zero(pool.granted.currency))
    await store.settle_epoch(tx, epoch, granted=granted, unit=unit, now=now)
    told = [
        _told(one, share, epoch, now)
        for one, share in zip(listens, shares, strict=True)
        if not one.by_receipt and share.minor > 0
    ]
    if told:
        await publish(tx, *told)
    return replace(pool, granted=granted, unit=unit)


async def days(tx: Tx, *, limit: int) -> list[date]:
    """Return the newest epochs that a policy can be tried on."""
    return await store.list_days(tx, limit=limit)


async def simulate(tx: Tx, *, epoch: date, budget: Money, spread: allocation.Policy, new_artist_days: int) -> Simulated:
    """Return what a policy would have paid for an epoch's listens, beside what was paid. Nothing is written.

    Raises:
        EpochTooLarge: more listens counted than are tried.
    """
    since = epoch - min(
        timedelta(days=new_artist_days), epoch - date.min
    )  # there is no day before the calendar's first
    listens = await store.list_past(tx, epoch, new_since=since, limit=MOST_SIMULATED + 1)
    if len(listens) > MOST_SIMULATED:
        raise EpochTooLarge(f"On that day more than {MOST_SIMULATED:,} listens counted, too many to try it on.")
    counted, earned = [one.counted for one in listens], [one.earned for one in listens]
    return await asyncio.to_thread(_compared, budget, counted, earned, spread)


async def list_epochs(tx: Tx, *, epochs: Iterable[date]) -> list[Epoch]:
    """Return epochs with their budgets and what was granted from them, by day."""
    return await store.list_epochs(tx, epochs)


async def granted_by_epoch(tx: Tx, *, older_than_s: int = 0) -> dict[date, Money]:
    """Return what was granted in each epoch to be paid directly, by decisions that are at least so old; epochs without any are left out."""
    return await store.list_granted(tx, older_than_s=older_than_s)


async def _grant_of(tx: Tx, day: date, accepted: Sequence[Accepted], now: datetime) -> list[Decision]:
    """Decide listens of one day: from its budget, or for receipts that come too late for it, from the next open one's."""
    decided = await store.list_decided(tx, [one.listen_id for one in accepted])
    fresh = [one for one in accepted if one.listen_id not in decided]
    placing = await receipts.placing(tx, epoch=day, listeners={one.user_id for one in fresh}, leaves=len(fresh))
    if placing.epoch != day:
        await store.repeat_epoch(tx, placing.epoch, as_of=day)
    by_epoch: dict[date, list[Accepted]] = {}
    for one in fresh:
        by_epoch.setdefault(placing.epoch if one.user_id in placing.identities else day, []).append(one)
    return [
        decision
        for epoch, listens in sorted(by_epoch.items())
        for decision in await _grant_in(tx, epoch, listens, placing, now)
    ]


async def _grant_in(
    tx: Tx, epoch: date, accepted: Sequence[Accepted], placing: receipts.Placing, now: datetime
) -> list[Decision]:
    pool = await store.lock_epoch(tx, epoch)
    if pool is None:
        raise EpochNotOpen(f"The reward epoch {epoch} is not open.")
    if pool.is_settled:  # of receipts none is here: their epoch is locked, and it is settled only when they have ended
        after = epoch + timedelta(days=1)
        await store.repeat_epoch(tx, after, as_of=epoch)
        return await _grant_in(tx, after, accepted, placing, now)
    decided = await store.list_decided(tx, [one.listen_id for one in accepted])
    fresh = [one for one in accepted if one.listen_id not in decided]
    if not fresh:
        return []
    earned = await store.count_earned(tx, epoch, {one.user_id for one in fresh})
    own = await insiders.own_work(tx, listen_ids=[one.listen_id for one in fresh])
    decisions = domain.decide(pool, fresh, earned=earned, own=own)
    named = [(RewardId(new_id()), one) for one in decisions]
    private = [one for one in fresh if one.user_id in placing.identities]
    await store.insert_decisions(tx, epoch, named, by_receipt={one.listen_id for one in private}, now=now)
    if weighed := [one.listen for one in decisions if one.outcome is Outcome.WEIGHED]:
        await store.insert_weighed(tx, weighed)
    if private:
        await receipts.write(tx, placing=placing, heard=[_heard(one) for one in private])
    granted = [(key, one) for key, one in named if one.outcome is Outcome.GRANTED]
    total = sum((one.amount for _, one in granted), Money.zero(pool.granted.currency))
    await store.add_granted(tx, epoch, total)
    told = [_granted(key, one, epoch, now) for key, one in granted if one.listen.user_id not in placing.identities]
    if told:
        await publish(tx, *told)
    return decisions


def _spread(pool: Epoch, listens: Sequence[Weighed], policy: PoolPolicy) -> tuple[list[Money], Money]:
    """Return what each listen is paid, and what a unit is worth."""
    currency = pool.budget.currency
    counted = [one.counted for one in listens]
    paid = allocation.allocate(pool.budget, counted, policy=policy.spread).paid
    holders = [one.user_id if one.by_receipt else None for one in listens]
    most = receipts.most_units(listeners=len({one for one in holders if one is not None}))
    cut, unit = allocation.in_units(paid, holders, most_units=most, currency=currency)
    return [Money(minor, currency) for minor in cut], Money(unit, currency)


def _compared(
    budget: Money, counted: Sequence[allocation.Counted], earned: Sequence[int], spread: allocation.Policy
) -> Simulated:
    would = allocation.allocate(budget, counted, policy=spread).paid
    return Simulated(
        budget=budget,
        listens=len(counted),
        would=_side(counted, would, budget),
        was=_side(counted, earned, budget),
        weightless=sum(one == 0 for one in allocation.weights_of(counted, policy=spread)),
    )


def _side(counted: Sequence[allocation.Counted], paid: Sequence[int], budget: Money) -> Side:
    listeners: Counter[Hashable] = Counter()
    artists: Counter[Hashable] = Counter()
    for one, amount in zip(counted, paid, strict=True):
        listeners[one.listener] += amount
        artists[one.artist] += amount
    currency = budget.currency
    return Side(
        paid=Money(sum(paid), currency),
        listeners=sum(amount > 0 for amount in listeners.values()),
        most_of_a_listener=Money(max(listeners.values(), default=0), currency),
        by_artist={ArtistId(UUID(str(artist))): Money(amount, currency) for artist, amount in artists.items()},
    )


def _told(listen: Weighed, share: Money, epoch: date, now: datetime) -> RewardGranted:
    return RewardGranted(
        occurred_at=now,
        reward_id=listen.reward_id,
        listen_id=listen.listen_id,
        user_id=listen.user_id,
        track_id=listen.track_id,
        epoch=epoch,
        amount=share,
    )


def _heard(listen: Accepted) -> receipts.Heard:
    return receipts.Heard(listen.listen_id, listen.user_id, listen.track_id, min(listen.heard_s, receipts.MOST_SECONDS))


def _granted(reward_id: RewardId, decision: Decision, epoch: date, now: datetime) -> RewardGranted:
    return RewardGranted(
        occurred_at=now,
        reward_id=reward_id,
        listen_id=decision.listen.listen_id,
        user_id=decision.listen.user_id,
        track_id=decision.listen.track_id,
        epoch=epoch,
        amount=decision.amount,
    )
