"""What is kept of an error, wherever it is kept, quotes nobody: a database says the whole row that it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

import pytest

from tests.factories.bus import announce, drain, registered, until
from tests.factories.events import Counted, counted
from tests.factories.orders import run_jobs
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.subscriptions import Consumers, Subscription
from vibestream.platform.jobs import Job, defer
from vibestream.platform.jobs.worker import JobWorker
from vibestream.platform.quoted import said_by
from vibestream.platform.runtime import Runtime
from vibestream.platform.sagas import Local, Saga, declare, start

ABOUT = "Quillfeather (keeps bees)\n\nabove Thistlemere\nquill@marrowby.example"


async def refused(tx: Tx) -> NoReturn:
    """Have the database refuse a row of somebody's."""
    await tx.execute("CREATE TEMP TABLE person (about text, age int CHECK (age > 0)) ON COMMIT DROP")
    await tx.execute("INSERT INTO person VALUES (%s, -1)", [ABOUT])
    raise AssertionError


async def by_an_event(runtime: Runtime) -> None:
    async def handle(tx: Tx, _: Counted) -> None:
        await refused(tx)

    consumers = Consumers([Subscription(event=Counted, consumer="quoting", handle=handle)])
    await registered(runtime.database, consumers)
    await announce(runtime.database, counted("k", 0))
    await drain(runtime.database, consumers)


async def by_a_job(runtime: Runtime) -> None:
    async def fail(runtime: Runtime) -> None:
        async with runtime.database.begin() as tx:
            await refused(tx)

    job = Job("test.quoting", fail, "test", 1, None)
    async with runtime.database.begin() as tx:
        await defer(tx, job)
    worker = JobWorker(runtime, {job.name: job}, queues=["test"], slots=1, schedules=False)
    running = asyncio.create_task(worker.run())

    async def noted() -> bool:
        return bool(await kept(runtime.database, "SELECT error FROM jobs.failure"))

    await until(noted)
    worker.stop()
    await running


@dataclass(frozen=True)
class Quoting:
    """What a saga of this file knows."""

    quoting_id: UUID


async def _step(tx: Tx, _: Quoting) -> Quoting:
    await refused(tx)


QUOTING = declare(Saga(name="test.quoting", data=Quoting, steps=(Local(name="do", do=_step),)))


async def by_a_saga(runtime: Runtime) -> None:
    async with runtime.database.begin() as tx:
        await start(tx, QUOTING, Quoting(new_id()), now=utc_now())
    await run_jobs(runtime, most=2)


async def kept(database: Database, where: str) -> list[Any]:
    async with database.begin() as tx:
        return await tx.values(where)


@pytest.mark.parametrize(
    ("fails", "where"),
    [
        (by_an_event, "SELECT error FROM platform.undelivered"),
        (by_a_job, "SELECT error FROM jobs.failure"),
        (by_a_saga, "SELECT error FROM platform.saga"),
    ],
)
async def test_what_is_kept_of_an_error_says_what_it_was_and_quotes_nobody(
    runtime: Runtime, fails: Callable[[Runtime], Awaitable[None]], where: str
):
    await fails(runtime)
    [error] = await kept(runtime.database, where)
    assert "CheckViolation" in error
    assert "person_age_check" in error
    assert [word for word in ("Quillfeather", "Thistlemere", "marrowby") if word in error] == []


def test_an_error_is_told_on_so_many_characters_and_without_what_no_column_holds():
    assert said_by(ValueError("no \0 k"), most=20) == "ValueError: no  k"
    assert said_by(ValueError("x" * 100), most=20) == "ValueError: xxxxxxxx"
