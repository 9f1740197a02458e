"""Policies: proposed by one, approved by another, never for a day that may be open, decided about once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.factories.listen_reward import NOON
from tests.factories.pool_policies import EARLIER, approved, proposed
from vibestream.contexts.listen_reward.allocation import service
from vibestream.contexts.listen_reward.allocation.service import (
    OwnPolicy,
    PolicyDecided,
    PolicyExists,
    PolicyTooSoon,
    PolicyUnknown,
    State,
    UnusableAllocation,
)
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.pools.service import Policy as Flat
from vibestream.kernel.ids import PoolPolicyId, UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.text import TextInvalid
from vibestream.platform.database import Database, Tx

TODAY = NOON.date()
DAY = timedelta(days=1)
FLAT = Flat(Money(500, VIBE), Money(10, VIBE))


def somebody() -> UserId:
    return UserId(new_id())


async def test_what_is_proposed_counts_once_another_person_approved_it(tx: Tx):
    first = await proposed(tx, budget=700)
    assert await service.policy_at(tx, epoch=TODAY) is None
    who = somebody()

    done = await service.approve(tx, policy_id=first.policy_id, by=who, now=EARLIER)

    assert (done.state, done.decided_by, done.decided_at) == (State.APPROVED, who, EARLIER)
    assert [await service.policy_at(tx, epoch=TODAY + n * DAY) for n in (-1, 0, 400)] == [None, done, done]
    assert await service.policies(tx, limit=5) == [done]


async def test_nobody_approves_their_own(tx: Tx):
    me = somebody()
    mine = await proposed(tx, by=me)

    with pytest.raises(OwnPolicy):
        await service.approve(tx, policy_id=mine.policy_id, by=me, now=EARLIER)


async def test_not_even_in_the_table(tx: Tx):
    me = somebody()
    mine = await proposed(tx, by=me)

    with pytest.raises(psycopg.errors.CheckViolation, match="four_eyes"):
        await tx.execute(
            "UPDATE listen_reward.pool_policy SET state = 'approved', decided_by = proposed_by, decided_at = now()"
            " WHERE policy_id = %s",
            [mine.policy_id],
        )


@pytest.mark.parametrize("days", [-400, -1, 0, 1, 2])
async def test_it_begins_when_no_epoch_can_be_open_yet(tx: Tx, days: int):
    with pytest.raises(PolicyTooSoon):
        await proposed(tx, effective_from=EARLIER.date() + days * DAY)

    late = await proposed(tx)
    with pytest.raises(PolicyTooSoon):
        await service.approve(
            tx, policy_id=late.policy_id, by=somebody(), now=NOON + (days - 2) * DAY if days >= 0 else NOON
        )


async def test_it_is_decided_about_once(tx: Tx):
    first, second = await proposed(tx), await proposed(tx)
    await service.approve(tx, policy_id=first.policy_id, by=somebody(), now=EARLIER)
    with pytest.raises(PolicyDecided):
        await service.withdraw(tx, policy_id=first.policy_id, by=somebody(), now=EARLIER)
    with pytest.raises(PolicyExists):
        await service.approve(tx, policy_id=second.policy_id, by=somebody(), now=EARLIER)
    await service.withdraw(tx, policy_id=second.policy_id, by=second.proposed_by, now=EARLIER)
    with pytest.raises(PolicyDecided):
        await service.approve(tx, policy_id=second.policy_id, by=somebody(), now=EARLIER)
    with pytest.raises(PolicyUnknown):
        await service.approve(tx, policy_id=PoolPolicyId(new_id()), by=somebody(), now=EARLIER)
    with pytest.raises(psycopg.errors.CheckViolation, match="was decided about"):
        await tx.execute(
            "UPDATE listen_reward.pool_policy SET state = 'withdrawn' WHERE policy_id = %s", [first.policy_id]
        )


async def test_of_two_of_the_same_day_that_are_approved_at_once_one_is(database: Database):
    async with database.begin() as tx:
        both = [await proposed(tx, budget=minor) for minor in (1, 2)]

    async def approve(policy_id: PoolPolicyId) -> object:
        return await database.run(lambda tx: service.approve(tx, policy_id=policy_id, by=somebody(), now=EARLIER))

    answers = await asyncio.gather(*(approve(one.policy_id) for one in both), return_exceptions=True)

    assert sorted(type(one).__name__ for one in answers) == ["PolicyExists", "PoolPolicy"]


@pytest.mark.parametrize(
    "odd",
    [
        {"budget": 0},
        {"budget": -1},
        {"decay_bp": 10_001},
        {"boost_bp": 9_999},
        {"most_seconds": 0},
        {"listener_cap_bp": -1},
    ],
)
async def test_what_contradicts_itself_is_refused(tx: Tx, odd: dict[str, Any]):
    with pytest.raises(UnusableAllocation):
        await proposed(tx, **odd)


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, "a\u202eb"])
async def test_a_reason_can_be_read(tx: Tx, reason: str):
    with pytest.raises(TextInvalid):
        await service.propose(
            tx,
            policy_id=PoolPolicyId(new_id()),
            effective_from=TODAY,
            budget=Money(1, VIBE),
            spread=service.Policy(),
            new_artist_days=1,
            reason=reason,
            proposed_by=somebody(),
            now=EARLIER,
        )


async def open_at(database: Database, now: datetime) -> None:
    async with database.begin() as tx:
        await pools.open_epochs(tx, policy=FLAT, now=now)


async def test_epochs_are_opened_with_what_was_approved_for_them_and_keep_it(database: Database):
    first = await approved(database, budget=700)
    second = await approved(database, budget=900, effective_from=TODAY + 2 * DAY)

    for day in (-2, 0, 1, 2):
        await open_at(database, NOON + day * DAY)

    async with database.begin() as tx:
        found = await pools.list_epochs(tx, epochs=[TODAY + day * DAY for day in range(-2, 4)])
        assert [(one.policy.budget.minor, one.policy.per_listen.minor, one.policy_id) for one in found] == [
            (500, 10, None), (500, 10, None), (700, 0, first.policy_id), (700, 0, first.policy_id),
            (900, 0, second.policy_id), (900, 0, second.policy_id),
        ]  # fmt: skip
        with pytest.raises(psycopg.errors.CheckViolation, match="keeps what it was opened"):
            await tx.execute("UPDATE listen_reward.epoch SET budget = budget + 1 WHERE epoch = %s", [TODAY])
