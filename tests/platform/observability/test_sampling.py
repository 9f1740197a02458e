"""Measuring what no request does."""

from __future__ import annotations

import asyncio
import time

import psycopg
from prometheus_client import REGISTRY

from vibestream.platform.database import Database, Tx
from vibestream.platform.observability.sampling import Sampler
from vibestream.platform.tasks import cancel_and_wait


def figure(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_a_sample_tells_how_database_and_pool_are(database: Database):
    async with database.begin():
        await Sampler(database).sample()
    assert figure("vibestream_database_up") == 1
    assert figure("vibestream_database_pool_connections", state="used") == 1
    assert figure("vibestream_database_pool_waiting") == 0


async def test_a_database_that_does_not_answer_is_told_and_survived(database: Database):
    await database.close()
    await Sampler(database).sample()
    assert figure("vibestream_database_up") == 0


async def test_a_probe_that_fails_spoils_no_other(database: Database):
    seen = []

    async def fails(tx: Tx) -> None:
        await tx.execute("SELECT 1 / 0")

    async def works(tx: Tx) -> None:
        seen.append(await tx.value("SELECT 1"))

    await Sampler(database, probes=(fails, works)).sample()
    assert seen == [1]
    assert figure("vibestream_database_up") == 1


async def test_a_loop_that_was_held_up_is_noticed(database: Database):
    sampler = Sampler(database)
    task = asyncio.create_task(sampler.run())
    await asyncio.sleep(0.3)
    time.sleep(1.4)
    await asyncio.sleep(0.05)
    assert 0.3 < sampler.lag_s < 2
    assert figure("vibestream_event_loop_lag_seconds") == sampler.lag_s
    await cancel_and_wait(task)


async def test_a_lost_cancellation_is_repeated():
    swallowed: list[int] = []

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if len(swallowed) == 2:
                    raise
                swallowed.append(1)

    async def failing() -> None:
        raise psycopg.OperationalError

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    lasted, failed = await cancel_and_wait(*tasks)
    assert (lasted, type(failed), swallowed) == (None, psycopg.OperationalError, [1, 1])
