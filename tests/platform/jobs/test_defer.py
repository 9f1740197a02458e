"""Deferring: with the transaction or not at all, and nothing that a worker could not read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import procrastinate
import pytest

from vibestream.platform.database import Database, Tx
from vibestream.platform.jobs import Later, defer, defer_many, job
from vibestream.platform.jobs.connector import Connector


@job("test.take", queue="taken")
async def take(runtime, *, what: str, also: list[int] | None = None) -> None:
    raise AssertionError("not run here")


async def rows(tx: Tx):
    cursor = await tx.connection.execute(
        "SELECT task_name, queue_name, args, lock, scheduled_at, status FROM jobs.procrastinate_jobs ORDER BY id"
    )
    return await cursor.fetchall()


async def test_writes_a_waiting_job(tx: Tx):
    when = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    first = await defer(tx, take, what="x", also=[1, 2])
    second = await defer(tx, take, what="y", run_at=when, lock="one at a time")
    assert second > first
    assert await rows(tx) == [
        ("test.take", "taken", {"what": "x", "also": [1, 2]}, None, None, "todo"),
        ("test.take", "taken", {"what": "y"}, "one at a time", when, "todo"),
    ]


async def test_a_job_of_a_rolled_back_transaction_never_was(database: Database):
    with pytest.raises(ZeroDivisionError):
        async with database.begin() as tx:
            await defer(tx, take, what="x")
            raise ZeroDivisionError
    async with database.begin() as tx:
        assert await rows(tx) == []


async def test_a_job_of_an_undone_savepoint_never_was(tx: Tx):
    with pytest.raises(ZeroDivisionError):
        async with tx.savepoint():
            await defer(tx, take, what="x")
            raise ZeroDivisionError
    assert await rows(tx) == []


@pytest.mark.parametrize("arguments", [{}, {"what": "x", "whatever": 1}, {"also": []}])
async def test_refuses_arguments_that_the_function_does_not_take(tx: Tx, arguments):
    with pytest.raises(TypeError):
        await defer(tx, take, **arguments)
    assert await rows(tx) == []


async def test_refuses_what_is_not_json(tx: Tx):
    with pytest.raises(TypeError, match="UUID is not JSON serializable"):
        await defer(tx, take, what=uuid4())
    with pytest.raises(ValueError, match="not JSON compliant"):
        await defer(tx, take, what=float("nan"))
    with pytest.raises(ValueError, match="Timezone aware"):
        await defer(tx, take, what="x", run_at=datetime(2027, 1, 1))  # noqa: DTZ001
    assert await rows(tx) == []


async def test_deferring_needs_no_pool_and_anything_else_does():
    with pytest.raises(procrastinate.exceptions.AppNotOpen):
        await Connector().execute_query_async("SELECT 1")


def test_our_copy_of_the_schema_is_the_installed_one():
    ours = Path(__file__).parents[3] / "migrations" / "procrastinate_3_10.sql"
    theirs = Path(procrastinate.__file__).parent / "sql" / "schema.sql"
    assert ours.read_text() == theirs.read_text(), "procrastinate's schema changed: write the migration that follows it"


async def test_its_functions_find_their_tables_whatever_the_search_path(tx: Tx):
    await tx.execute("SET LOCAL search_path = pg_catalog")
    await defer(tx, take, what="x")
    assert len(await rows(tx)) == 1


async def test_many_are_deferred_in_their_order_by_one_statement_and_refused_together(tx: Tx):
    when = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    numbers = await defer_many(tx, take, [Later({"what": "x", "also": [1]}), Later({"what": "y"}, when)])
    assert numbers == sorted(numbers)
    assert await rows(tx) == [
        ("test.take", "taken", {"what": "x", "also": [1]}, None, None, "todo"),
        ("test.take", "taken", {"what": "y"}, None, when, "todo"),
    ]
    assert await defer_many(tx, take, []) == []
    for wrong, error in (
        ({"whatever": 1}, TypeError),
        ({"what": float("nan")}, ValueError),
        ({"what": object()}, TypeError),
    ):
        with pytest.raises(error):
            await defer_many(tx, take, [Later({"what": "z"}), Later(wrong)])
    with pytest.raises(ValueError, match="time zone"):
        await defer_many(tx, take, [Later({"what": "z"}, datetime(2027, 1, 2))])  # noqa: DTZ001 - that is the point
    assert len(await rows(tx)) == 2
