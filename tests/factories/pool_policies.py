"""Policies of reward pools, proposed by one and approved by another."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.factories.listen_reward import NOON
from vibestream.contexts.listen_reward.allocation import service
from vibestream.contexts.listen_reward.allocation.service import Policy, PoolPolicy
from vibestream.kernel.ids import PoolPolicyId, UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Database, Tx

OPEN: dict[str, int] = {"listener_cap_bp": 10_000, "track_cap_bp": 10_000, "artist_cap_bp": 10_000, "boost_bp": 10_000}
DAY = NOON.date()
EARLIER = NOON - timedelta(days=10)


async def proposed(
    tx: Tx,
    *,
    budget: int = 1_000_000,
    effective_from: date = DAY,
    by: UserId | None = None,
    named: dict[str, int] | None = None,
    warm_up_days: int = 0,
    **spread: Any,
) -> PoolPolicy:
    return await service.propose(
        tx,
        policy_id=PoolPolicyId(new_id()),
        effective_from=effective_from,
        budget=Money(budget, VIBE),
        spread=Policy(**{**OPEN, **spread}),
        new_artist_days=30,
        warm_up_days=warm_up_days,
        reason="To try it",
        named=[(source, Money(minor, VIBE)) for source, minor in (named or {}).items()],
        proposed_by=by or UserId(new_id()),
        now=EARLIER,
    )


async def approved(database: Database, **said: Any) -> PoolPolicy:
    async with database.begin() as tx:
        found = await proposed(tx, **said)
        return await service.approve(tx, policy_id=found.policy_id, by=UserId(new_id()), now=EARLIER)
