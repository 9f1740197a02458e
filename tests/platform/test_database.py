"""What the pool and the transaction promise."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import psycopg
import pytest

from vibestream.platform.database import Database, Isolation, Tx


@dataclass(frozen=True)
class Pair:
    a: int
    b: str


@pytest.fixture
async def table(owner_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute("CREATE TABLE platform.pair (a int PRIMARY KEY, b text NOT NULL)")
        await owner.execute("GRANT ALL ON platform.pair TO vibestream_app")


async def test_commits_when_the_block_ends_and_only_then_calls_back(database: Database, table: None):
    called = []
    async with database.begin() as tx:
        tx.after_commit(lambda: called.append("yes"))
        assert await tx.execute("INSERT INTO platform.pair VALUES (1, 'x')") == 1
        assert called == []
    async with database.begin() as tx:
        assert await tx.all(Pair, "SELECT a, b FROM platform.pair") == [Pair(1, "x")]
    assert called == ["yes"]


async def test_keeps_nothing_and_does_not_call_back_when_the_block_raises(database: Database, table: None):
    called = []
    with pytest.raises(ZeroDivisionError):
        async with database.begin() as tx:
            tx.after_commit(lambda: called.append("no"))
            await tx.execute("INSERT INTO platform.pair VALUES (1, 'x')")
            raise ZeroDivisionError
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM platform.pair") == 0
    assert called == []


async def test_what_a_statement_of_its_own_has_done_stands_whatever_the_next_does(database: Database, table: None):
    called = []
    with pytest.raises(RuntimeError):
        async with database.statements() as tx:
            tx.after_commit(lambda: called.append("yes"))
            await tx.execute("INSERT INTO platform.pair VALUES (1, 'x')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                await tx.execute("INSERT INTO platform.pair VALUES (2, 'y'), (1, 'z')")
            async with database.begin() as other:
                assert await other.values("SELECT a FROM platform.pair") == [1]
            raise RuntimeError
    assert called == []
    async with database.statements() as tx:
        tx.after_commit(lambda: called.append("yes"))
        assert await tx.value("SELECT b FROM platform.pair WHERE a = 1") == "x"
    assert called == ["yes"]


async def test_a_statement_of_its_own_leaves_no_transaction_behind(database: Database, table: None):
    async with database.statements() as tx:
        numbers = [await tx.value("SELECT pg_current_xact_id()::text") for _ in range(2)]
        assert tx.connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
    assert numbers[0] != numbers[1]


async def test_a_savepoint_undoes_its_own_rows_and_callbacks_only(database: Database, table: None):
    called = []
    async with database.begin() as tx:
        await tx.execute("INSERT INTO platform.pair VALUES (1, 'kept')")
        tx.after_commit(lambda: called.append("kept"))
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with tx.savepoint():
                tx.after_commit(lambda: called.append("undone"))
                await tx.execute("INSERT INTO platform.pair VALUES (1, 'again')")
    async with database.begin() as tx:
        assert await tx.one(Pair, "SELECT a, b FROM platform.pair") == Pair(1, "kept")
    assert called == ["kept"]


async def test_runs_the_loser_of_a_serialization_conflict_again(database: Database, table: None):
    async with database.begin() as tx:
        await tx.execute("INSERT INTO platform.pair VALUES (1, '0')")
    both_read = asyncio.Barrier(2)
    runs = 0

    async def add_one(tx: Tx) -> None:
        nonlocal runs
        runs += 1
        seen = await tx.value("SELECT b::int FROM platform.pair WHERE a = 1")
        if runs <= 2:
            await both_read.wait()
        await tx.execute("UPDATE platform.pair SET b = %s WHERE a = 1", [str(seen + 1)])

    await asyncio.gather(*(database.run(add_one, isolation=Isolation.SERIALIZABLE) for _ in range(2)))
    async with database.begin() as tx:
        assert await tx.value("SELECT b FROM platform.pair") == "2"
    assert runs == 3


async def test_works_as_a_role_that_owns_nothing(tx: Tx):
    assert await tx.value("SELECT current_user") == "vibestream_app"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await tx.execute("CREATE TABLE platform.mine (a int)")
