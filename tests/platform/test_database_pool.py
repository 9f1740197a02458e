"""A pooled connection that the server closed is replaced before anybody works with it."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from vibestream.platform.database import Database, as_app_role

ALL_OTHERS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = %s
"""


@pytest.fixture
async def pool(owner_dsn: str):
    async with Database(as_app_role(owner_dsn), max_size=4, application="vibestream-pool-test") as database:
        yield database


async def backend(database: Database, at_once: asyncio.Barrier) -> int:
    async with database.begin() as tx:
        await at_once.wait()
        return int(await tx.value("SELECT pg_backend_pid()"))


async def test_connections_that_the_server_closed_are_replaced(pool: Database, owner_dsn: str):
    both = asyncio.Barrier(4)
    before = await asyncio.gather(*(backend(pool, both) for _ in range(4)))
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        closed = await (await owner.execute(ALL_OTHERS, ["vibestream-pool-test"])).fetchone()
    assert closed == (4,)
    await asyncio.sleep(0.2)

    after = await asyncio.gather(*(backend(pool, both) for _ in range(4)))

    assert len(set(after)) == 4
    assert set(before).isdisjoint(after)


async def test_a_connection_is_used_again_as_long_as_it_works(pool: Database):
    alone = asyncio.Barrier(1)
    assert len({await backend(pool, alone) for _ in range(5)}) == 1
