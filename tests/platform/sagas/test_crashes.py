"""A saga that is killed: at each point where it waits for anything, forward and compensating; and again and again."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.factories.bus import until
from tests.factories.killing import KilledAt
from tests.factories.orders import assert_settled, begin_order, run_jobs
from tests.factories.till import CUT_AFTER, CUT_BEFORE, REFUSE, Till
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all
from vibestream.platform.runtime import Runtime
from vibestream.platform.sagas.invariants import INVARIANTS

ROOT = Path(__file__).parents[3]


async def cut(owner_dsn: str) -> None:
    """Have the server end the victim's sessions, and wait until they are gone."""
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'victim'"
        )


async def kill_at(n: int, runtime: Runtime, owner_dsn: str) -> bool:
    """Run the waiting turns up to their n-th suspension and kill them there; False when they end before."""
    async with Database(runtime.database.dsn, application="victim") as victim:
        return await KilledAt(run_jobs(replace(runtime, database=victim)), n, lambda: cut(owner_dsn))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("decline", [False, True], ids=["forward", "compensating"])
@pytest.mark.parametrize("stride", [6, pytest.param(1, marks=pytest.mark.slow)])
async def test_killed_at_every_point_it_ends_done_or_undone(
    shop: Runtime, till: Till, owner_dsn: str, stride: int, *, decline: bool
):
    points = 0
    while True:
        await begin_order(shop.database, decline=decline)
        killed = await kill_at(points * stride, shop, owner_dsn)
        await run_jobs(shop)
        points += 1
        if not killed:
            break
    assert points * stride > (60 if decline else 40)
    assert await assert_settled(shop.database, till, orders=points) == ((0, points) if decline else (points, 0))
    assert set(till.calls.values()) == {1}, "what had happened was found out, not done again"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", [CUT_BEFORE, CUT_AFTER])
async def test_killed_at_every_point_of_finding_out_what_happened(
    shop: Runtime, till: Till, owner_dsn: str, fault: str
):
    points = 0
    while True:
        first = True

        def once(operation: str) -> str | None:
            nonlocal first
            chosen = fault if operation == "charge" and first else None
            first = first and operation != "charge"
            return chosen

        till.fault = once
        saga_id = await begin_order(shop.database)
        await run_jobs(shop, most=2)
        killed = await kill_at(points * 3, shop, owner_dsn)
        await run_jobs(shop)
        assert till.asked[f"{saga_id}:charge"] >= 1
        points += 1
        if not killed:
            break
    assert await assert_settled(shop.database, till, orders=points) == (points, 0)


@pytest.fixture
def workers(shop: Runtime) -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for one in started:
        one.kill()
        one.wait()


def start_worker(shop: Runtime) -> subprocess.Popen[bytes]:
    folder = str(shop.settings.data_dir)
    return subprocess.Popen([sys.executable, "-m", "tests.factories.saga_process", shop.database.dsn, folder], cwd=ROOT)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [5, pytest.param(40, marks=pytest.mark.slow)])
async def test_workers_killed_again_and_again_settle_every_order(
    shop: Runtime, till: Till, workers: list[subprocess.Popen[bytes]], kills: int
):
    chance = random.Random(24)

    def fault(operation: str) -> str | None:
        if operation == "charge" and chance.random() < 0.15:
            return REFUSE
        return chance.choice([CUT_BEFORE, CUT_AFTER]) if chance.random() < 0.1 else None

    till.fault = fault
    workers += [start_worker(shop), start_worker(shop)]
    orders = 0
    for _ in range(kills):
        for _ in range(12):
            await begin_order(shop.database, decline=chance.random() < 0.2)
            orders += 1
        await asyncio.sleep(chance.uniform(0.8, 1.6))
        victim = workers.pop(0)
        victim.kill()
        victim.wait()
        workers.append(start_worker(shop))

    async def settled() -> bool:
        async with shop.database.begin() as tx:
            return bool(
                await tx.value("SELECT count(*) = 0 FROM platform.saga WHERE state IN ('forward', 'compensating')")
            )

    await until(settled, timeout_s=180)
    done, undone = await assert_settled(shop.database, till, orders=orders)
    assert min(done, undone) > 0
    assert (await check_all(shop.database, INVARIANTS))[0].finding.ok
