"""An epoch with a policy: decided at the end of its day, paid directly or by claims, to the unit, whoever is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import Any

import pytest

from tests.factories.pool_policies import approved
from tests.factories.receipts import (
    EPOCH_KEY,
    TODAY,
    claim_body,
    closed,
    listened,
    listener,
    own_receipts,
    settled,
)
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.flows.audit import INVARIANTS
from vibestream.flows.pay_claims import give_back
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all

BUDGET = 1_000_003
_KILLED = """
import asyncio, os, signal, sys
from datetime import date
from tests.factories.receipts import settings
from vibestream.contexts.listen_reward.pools import service as pools, store
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.flows import close_epochs
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

module, name, when, dsn = sys.argv[1:]
owner = {"pools": pools, "store": store, "receipts": receipts, "flow": close_epochs, "database": Database}[module]
real = getattr(owner, name)

def kill(): os.kill(os.getpid(), signal.SIGKILL)

async def cut(*args, **named):
    if when == "before": kill()
    await real(*args, **named); kill()
setattr(owner, name, cut)

async def main():
    async with Database(dsn, max_size=2) as database:
        await close_epochs.close_epoch(database, settings=settings(), epoch=date(2026, 3, 1), now=utc_now())

asyncio.run(main())
"""
STEPS = [
    (module, name, when)
    for module, name in (
        ("flow", "end_leaves"), ("receipts", "lock"), ("pools", "settle"), ("store", "list_weighed"),
        ("store", "insert_shares"), ("store", "settle_epoch"), ("pools", "publish"), ("receipts", "begin_close"),
        ("database", "run"),
    )
    for when in ("before", "after")
]  # fmt: skip


async def broken(database: Database) -> list[tuple[str, str]]:
    found = await check_all(database, INVARIANTS)
    return [(one.invariant.name, one.finding.detail) for one in found if not one.finding.ok]


async def held(database: Database, user_id: UserId) -> int:
    async with database.begin() as tx:
        found = await ledger.balances_of_person(tx, user_id=user_id, kinds=ledger.WALLET_KINDS)
    return sum(one.posted.minor for one in found)


async def in_pool(database: Database) -> int:
    async with database.begin() as tx:
        account = await ledger.open_account(tx, name=ledger.reward_pool(epoch=TODAY))
        found = await ledger.balance_of(tx, account_id=account)
    return found.posted.minor


async def shares(database: Database) -> dict[UserId, int]:
    async with database.begin() as tx:
        rows = await tx.rows(
            "SELECT user_id, sum(amount)::bigint FROM listen_reward.earned WHERE epoch = %s GROUP BY user_id", [TODAY]
        )
    return dict(rows)


async def test_a_day_is_spread_by_weight_and_paid_to_the_unit(client: Any, database: Database):
    """Of three who heard one, two and three songs of the same length, one is paid directly and two by claims."""
    policy = await approved(database, budget=BUDGET)
    plain, one, two = UserId(new_id()), await listener(database, secret=1), await listener(database, secret=2)
    await listened(database, plain)
    await listened(database, one, times=2)
    await listened(database, two, times=3)
    assert (await shares(database), await held(database, plain)) == ({plain: 0, one: 0, two: 0}, 0)

    done = await closed(database)

    # A sixth, two and three of them; what is paid by claims is cut to multiples of the unit, which is below a 4,095th.
    unit = done.per_listen
    assert unit == -(-500_001 // 4_095) == 123
    assert await shares(database) == {plain: 166_667, one: 333_334 // unit * unit, two: 500_001 // unit * unit}
    async with database.begin() as tx:
        (pool,) = await pools.list_epochs(tx, epochs=[TODAY])
        assert (pool.policy_id, pool.policy.budget.minor) == (policy.policy_id, BUDGET)
    assert pool.granted.minor == sum((await shares(database)).values()) <= BUDGET
    await settled(database)
    assert await held(database, plain) == 166_667
    paid = 0
    own = await own_receipts(database, one)
    for at in (at for at, leaf in enumerate(own.leaves) if leaf.receipt.song == receipts.SUMMARY_SONG):
        answer = await client.post("/api/v1/claims", json=claim_body(own, secret=1, place=at))
        assert answer.status_code == 200
        assert answer.json()["amount_vibe_minor"] == own.leaves[at].receipt.seconds * unit
        paid += answer.json()["amount_vibe_minor"]
    assert paid == 333_334 // unit * unit
    assert await broken(database) == []

    back = await database.run(lambda tx: give_back(tx, now=done.claimable_until))

    assert back.minor == BUDGET - 166_667 - paid
    assert await in_pool(database) == 0
    assert await broken(database) == []


async def test_what_nobody_claimed_goes_back_with_what_caps_left(database: Database):
    await approved(database, budget=BUDGET, listener_cap_bp=1_000)
    await listened(database, await listener(database, secret=1), times=2)
    done = await closed(database)
    async with database.begin() as tx:
        (pool,) = await pools.list_epochs(tx, epochs=[TODAY])
    assert pool.granted.minor <= BUDGET // 10

    back = [await database.run(lambda tx: give_back(tx, now=done.claimable_until)) for _ in range(2)]

    assert [one.minor for one in back] == [BUDGET, 0]
    assert await in_pool(database) == 0
    assert await broken(database) == []


async def test_a_day_without_receipts_is_spread_by_the_schedule_as_well(database: Database):
    await approved(database, budget=BUDGET)
    plain = UserId(new_id())
    await listened(database, plain)
    async with database.begin() as tx:
        assert await receipts.unclosed(tx, until=TODAY) == []
        assert await pools.unsettled(tx, until=TODAY) == [TODAY]
        assert await pools.unsettled(tx, until=TODAY - timedelta(days=1)) == []

    await closed(database)
    await settled(database)

    assert await held(database, plain) == BUDGET
    async with database.begin() as tx:
        assert await pools.unsettled(tx, until=TODAY) == []
    assert await broken(database) == []


async def test_what_is_heard_after_the_day_was_spread_is_of_the_next(database: Database):
    await approved(database, budget=BUDGET)
    early, late, known = UserId(new_id()), UserId(new_id()), await listener(database, secret=3)
    await listened(database, early)
    await listened(database, late, paid=False)
    await listened(database, known, paid=False)
    await closed(database)

    await settled(database)
    tomorrow = TODAY + timedelta(days=1)
    assert set(await shares(database)) == {early}
    done = await closed(database, epoch=tomorrow)
    await settled(database)

    assert [await held(database, one) for one in (early, late)] == [BUDGET, BUDGET // 2]
    async with database.begin() as tx:
        assert await receipts.closed(tx, epoch=tomorrow) == done
    assert await broken(database) == []


async def test_many_who_close_at_once_spread_once(database: Database):
    await approved(database, budget=BUDGET)
    plain = UserId(new_id())
    await listened(database, plain, times=2)

    await asyncio.gather(*(closed(database) for _ in range(5)))
    await settled(database)

    assert await held(database, plain) == BUDGET - 1  # two halves, each rounded down
    assert await broken(database) == []


@pytest.mark.slow
@pytest.mark.parametrize(("module", "name", "when"), STEPS)
async def test_killed_at_any_step_a_day_is_spread_once(database: Database, module: str, name: str, when: str):
    await approved(database, budget=BUDGET)
    plain, fan = UserId(new_id()), await listener(database, secret=5)
    await listened(database, plain)
    await listened(database, fan)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KILLED, module, name, when, database.dsn,
        env={**os.environ, "VIBESTREAM_EPOCH_KEY": EPOCH_KEY}, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == -signal.SIGKILL
    assert await broken(database) == []

    first, second = await closed(database), await closed(database)
    await settled(database)

    assert first == second
    unit = first.per_listen
    assert await shares(database) == {plain: BUDGET // 2, fan: BUDGET // 2 // unit * unit}
    assert await held(database, plain) == BUDGET // 2
    assert await broken(database) == []
