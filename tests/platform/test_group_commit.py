"""Group commit: durable before it is answered, shared when many write, and only the item at fault fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from vibestream.platform.database import Database, Tx
from vibestream.platform.group_commit import GroupCommit, SharedGroupCommit


class Refused(Exception):
    pass


@pytest.fixture
async def numbers(owner_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute("CREATE TABLE platform.number (n int PRIMARY KEY, xid xid8 DEFAULT pg_current_xact_id())")
        await owner.execute("GRANT ALL ON platform.number TO vibestream_app")


async def store(tx: Tx, items: Sequence[int]) -> list[int]:
    for item in items:
        if item < 0:
            raise Refused(item)
        await tx.execute("INSERT INTO platform.number (n) VALUES (%s)", [item])
    return [10 * item for item in items]


async def test_each_gets_its_own_result_once_it_is_committed(database: Database, numbers: None):
    commits = GroupCommit(database, store)

    assert await commits.submit(4) == 40
    async with database.begin() as tx:
        assert await tx.values("SELECT n FROM platform.number") == [4]


async def test_what_arrives_during_a_commit_shares_the_next_one(database: Database, numbers: None):
    commits = GroupCommit(database, store, most=1000)

    results = await asyncio.gather(*map(commits.submit, range(500)))

    assert results == [10 * n for n in range(500)]
    async with database.begin() as tx:
        assert await tx.value("SELECT count(DISTINCT xid) FROM platform.number") <= 2


async def test_a_batch_is_never_larger_than_allowed(database: Database, numbers: None):
    commits = GroupCommit(database, store, most=7)

    await asyncio.gather(*map(commits.submit, range(20)))

    async with database.begin() as tx:
        assert await tx.value("SELECT max(c) FROM (SELECT count(*) c FROM platform.number GROUP BY xid) t") == 7


async def test_only_the_item_at_fault_fails(database: Database, numbers: None):
    commits = GroupCommit(database, store)

    results = await asyncio.gather(*map(commits.submit, [1, -2, 3, 1]), return_exceptions=True)

    assert results[0] == 10
    assert isinstance(results[1], Refused)
    assert results[2] == 30
    assert isinstance(results[3], psycopg.errors.UniqueViolation)
    async with database.begin() as tx:
        assert await tx.values("SELECT n FROM platform.number ORDER BY n") == [1, 3]
    with pytest.raises(Refused):
        await commits.submit(-1)


async def test_a_caller_that_gave_up_does_not_disturb_the_others(database: Database, numbers: None):
    commits = GroupCommit(database, store)
    gone = asyncio.create_task(commits.submit(1))
    stays = asyncio.create_task(commits.submit(2))
    await asyncio.sleep(0)
    gone.cancel()

    assert await stays == 20
    await commits.drain()
    async with database.begin() as tx:
        assert await tx.values("SELECT n FROM platform.number ORDER BY n") == [1, 2]


async def test_nothing_to_drain_is_no_error_and_one_database_has_one_group_commit(database: Database):
    shared = SharedGroupCommit(store)

    await shared.of(database).drain()

    assert shared.of(database) is shared.of(database)
