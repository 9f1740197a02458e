"""Workers as they run: retries, locks, schedules, stops, and being killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from procrastinate import exceptions

from tests.factories.bus import until
from tests.factories.events import create_effects, effects
from tests.factories.job_process import deadly, quick, slow
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.jobs import Job, defer, worker
from vibestream.platform.jobs.connector import Connector
from vibestream.platform.jobs.figures import list_failed, queue_figures, try_failed_again
from vibestream.platform.jobs.worker import JobWorker
from vibestream.platform.runtime import Runtime

ROOT = Path(__file__).parents[3]


def as_job(function: Any, *, attempts: int = 5, every_s: int | None = None, name: str = "test.here") -> Job:
    return Job(name, function, "test", attempts, every_s)


@asynccontextmanager
async def working(runtime: Runtime, *jobs: Job, slots: int = 4, schedules: bool = False) -> AsyncIterator[JobWorker]:
    one = JobWorker(runtime, {job.name: job for job in jobs}, queues=["test"], slots=slots, schedules=schedules)
    running = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        one.stop()
        await running


async def put(database: Database, job: Job, **arguments: Any) -> int:
    async with database.begin() as tx:
        return await defer(tx, job, **arguments)


async def states(database: Database) -> list[tuple[str, str, int]]:
    async with database.begin() as tx:
        cursor = await tx.connection.execute(
            "SELECT task_name, status::text, attempts FROM jobs.procrastinate_jobs ORDER BY id"
        )
        return await cursor.fetchall()


def empty(database: Database) -> Callable[[], Any]:
    async def check() -> bool:
        return await states(database) == []

    return check


async def test_runs_a_job_and_forgets_it(runtime: Runtime, database: Database):
    seen = []

    async def note(given: Runtime, *, n: int) -> None:
        seen.append((given is runtime, n))

    job = as_job(note)
    async with working(runtime, job):
        await put(database, job, n=1)
        await until(empty(database))
    assert seen == [(True, 1)]


async def test_does_not_run_what_is_scheduled_for_later(runtime: Runtime, database: Database):
    seen = []

    async def note(_: Runtime, *, n: int) -> None:
        seen.append(n)

    job = as_job(note)
    await put(database, job, n=1, run_at=utc_now() + timedelta(hours=1))
    await put(database, job, n=2, run_at=utc_now() + timedelta(seconds=0.5))
    async with working(runtime, job):
        await until(lambda: is_true(lambda: seen == [2]))
    async with database.begin() as tx:
        (figures,) = await queue_figures(tx)
    assert (figures.name, figures.waiting, figures.scheduled, figures.running, figures.failed) == ("test", 0, 1, 0, 0)


async def is_true(check: Callable[[], bool]) -> bool:
    return check()


async def test_tries_again_until_attempts_are_used_up_and_keeps_the_error(
    runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(worker, "_POLL_S", 0.05)
    tries = []

    async def fail(_: Runtime, *, n: int) -> None:
        tries.append(n)
        raise LookupError(f"no {n}")

    job = as_job(fail, attempts=3)
    async with working(runtime, job):
        number = await put(database, job, n=7)
        await until(lambda: is_state(database, "failed"))
        assert tries == [7, 7, 7]
        async with database.begin() as tx:
            (failed,) = await list_failed(tx)
            assert (failed.id, failed.name, failed.arguments, failed.error) == (
                number,
                "test.here",
                {"n": 7},
                "LookupError: no 7",
            )
            assert (await queue_figures(tx))[0].failed == 1
            assert await try_failed_again(tx, ids=[number, number + 1]) == 1
        await until(lambda: is_true(lambda: len(tries) == 4))
        await until(lambda: is_state(database, "failed"))


async def is_state(database: Database, status: str) -> bool:
    return [state for _, state, _ in await states(database)] == [status]


async def test_jobs_of_one_lock_run_one_at_a_time_in_order(runtime: Runtime, database: Database):
    running, most, seen = 0, 0, []

    async def note(_: Runtime, *, n: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        seen.append(n)
        running -= 1

    job = as_job(note)
    for n in range(10):
        await put(database, job, n=n, lock="song")
    async with working(runtime, job), working(runtime, job):
        await until(empty(database))
    assert (seen, most) == (list(range(10)), 1)


async def test_ticks_once_in_the_whole_system_and_never_beside_itself(runtime: Runtime, database: Database):
    running, ticks = 0, []

    async def tick(_: Runtime) -> None:
        nonlocal running
        running += 1
        assert running == 1
        ticks.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1.3 if len(ticks) == 1 else 0)
        running -= 1

    job = as_job(tick, attempts=1, every_s=1)
    async with working(runtime, job, schedules=True), working(runtime, job, schedules=True):
        await until(lambda: is_true(lambda: len(ticks) >= 4))
    assert ticks[1] - ticks[0] > 1.2
    assert len(ticks) <= ticks[-1] - ticks[0] + 2, "more ticks than seconds: both workers ticked"


async def test_a_failed_tick_is_not_tried_again_but_the_next_one_comes(runtime: Runtime, database: Database):
    ticks = []

    async def tick(_: Runtime) -> None:
        ticks.append(1)
        raise ValueError("once")

    job = as_job(tick, attempts=1, every_s=1)
    async with working(runtime, job, schedules=True):
        await until(lambda: is_true(lambda: len(ticks) >= 2))
    assert all(attempts == 1 for _, state, attempts in await states(database) if state == "failed")


async def test_stopping_waits_for_what_runs_and_puts_back_what_does_not_end(
    runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "_GRACE_S", 0.3)
    begun, ended = [], []

    async def take(_: Runtime, *, s: int) -> None:
        begun.append(s)
        await asyncio.sleep(s / 10)
        ended.append(s)

    job = as_job(take, attempts=1)
    await put(database, job, s=1)
    await put(database, job, s=600)
    async with working(runtime, job):
        await until(lambda: is_true(lambda: len(begun) == 2))
    assert ended == [1]
    assert await states(database) == [("test.here", "todo", 1)]
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_workers") == 0


async def test_a_job_that_cancels_itself_does_not_run_for_ever(
    runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(worker, "_POLL_S", 0.05)

    async def cancel(_: Runtime) -> None:
        raise asyncio.CancelledError

    job = as_job(cancel, attempts=2)
    await put(database, job)
    async with working(runtime, job):
        await until(lambda: is_state(database, "aborted"))
    assert await states(database) == [("test.here", "aborted", 2)]


async def test_leaves_alone_a_job_that_only_another_release_knows(runtime: Runtime, database: Database):
    async def nothing(_: Runtime) -> None:
        raise AssertionError("not here")

    await put(database, as_job(nothing, name="test.of_tomorrow"))
    async with working(runtime, as_job(nothing)):
        await until(lambda: is_attempted(database))
    assert await states(database) == [("test.of_tomorrow", "todo", 1)]


async def is_attempted(database: Database) -> bool:
    return [(state, attempts) for _, state, attempts in await states(database)] == [("todo", 1)]


async def test_comes_back_after_all_its_connections_were_cut_and_the_job_runs_again(
    owner_dsn: str, runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "_GRACE_S", 0.2)
    runs = 0

    async def take(_: Runtime) -> None:
        nonlocal runs
        runs += 1
        await asyncio.sleep(0 if runs > 1 else 60)

    job = as_job(take)
    await put(database, job)
    async with working(runtime, job):
        await until(lambda: is_true(lambda: runs == 1))
        async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await until(lambda: is_true(lambda: runs == 2))
        await until(empty(database))


@pytest.fixture
async def process(
    owner_dsn: str, database: Database, tmp_path: Path
) -> AsyncIterator[Callable[[], subprocess.Popen[bytes]]]:
    await create_effects(owner_dsn)
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.factories.job_process", database.dsn, str(tmp_path)]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


async def test_the_job_of_a_killed_worker_runs_again_within_seconds(process, database: Database):
    first = process()
    await put(database, slow, n=1)
    await until(lambda: has(database, "begun", 1))
    os.kill(first.pid, signal.SIGSTOP)
    os.kill(first.pid, signal.SIGKILL)
    second = process()
    await until(lambda: has(database, "done", 1))
    assert [effect.key for effect in await effects(database)] == ["begun", "begun", "done"]
    second.terminate()
    assert await asyncio.to_thread(second.wait, 20) == 0


async def has(database: Database, key: str, number: int) -> bool:
    return len([effect for effect in await effects(database) if effect.key == key]) >= number


async def test_the_job_of_a_frozen_worker_is_not_taken_from_it(process, runtime: Runtime, database: Database):
    first = process()
    await put(database, slow, n=1)
    await until(lambda: has(database, "begun", 1))
    os.kill(first.pid, signal.SIGSTOP)
    async with working(runtime, slow):
        await asyncio.sleep(2.5)
        assert [effect.key for effect in await effects(database)] == ["begun"]
        os.kill(first.pid, signal.SIGCONT)
        await until(empty(database))
    assert [effect.key for effect in await effects(database)] == ["begun", "done"]


async def test_a_job_that_kills_every_worker_fails_in_the_end(process, database: Database):
    await put(database, deadly)
    for _ in range(3):
        one = process()
        assert await asyncio.to_thread(one.wait, 30) == -signal.SIGKILL
    process()
    await until(lambda: is_state(database, "failed"))
    assert len(await effects(database)) == 3
    async with database.begin() as tx:
        (failed,) = await list_failed(tx)
    assert failed.error == "The worker died while it ran this job."


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [6, pytest.param(60, marks=pytest.mark.slow)])
async def test_workers_killed_again_and_again_run_every_job(process, database: Database, kills: int):
    chance = random.Random(7)
    workers = [process(), process()]
    for n in range(kills * 40):
        await put(database, quick, n=n)
        if n % 40 == 39:
            await asyncio.sleep(chance.uniform(0, 0.3))
            victim = workers.pop(0)
            victim.kill()
            victim.wait()
            workers.append(process())
    await until(empty(database), timeout_s=60)
    assert sorted(effect.n for effect in await effects(database)) == list(range(kills * 40))


@pytest.mark.parametrize("outcome", ["done", "failed"])
async def test_an_outcome_that_cannot_be_noted_is_noted_later(
    runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch, outcome: str
):
    monkeypatch.setattr(worker, "_RECONNECT_FIRST_S", 0.01)
    monkeypatch.setattr(worker, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(worker, "_POLL_S", 0.05)
    troubles, runs = 3, 0
    execute = Connector.execute_query_async

    async def troubled(self: Connector, query: Any, **arguments: Any) -> None:
        nonlocal troubles
        if troubles and ("finish_job" in query or "retry_job" in query):
            troubles -= 1
            raise exceptions.ConnectorException from psycopg.OperationalError("no space left")
        await execute(self, query, **arguments)

    monkeypatch.setattr(Connector, "execute_query_async", troubled)

    async def take(_: Runtime) -> None:
        nonlocal runs
        runs += 1
        if outcome == "failed" and runs == 1:
            raise ValueError("once")

    job = as_job(take)
    await put(database, job, lock="one")
    async with working(runtime, job):
        await until(empty(database))
    assert (troubles, runs) == (0, 1 if outcome == "done" else 2)


async def test_an_outcome_that_is_not_ours_any_more_is_given_up(
    runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
):
    async def take(given: Runtime) -> None:
        async with given.database.begin() as tx:
            await tx.execute("DELETE FROM jobs.procrastinate_jobs")

    async def note(given: Runtime) -> None:
        ran.set()

    ran = asyncio.Event()
    first, second = as_job(take), as_job(note, name="test.next")
    async with working(runtime, first, second, slots=1):
        await put(database, first)
        await until(empty(database))
        await put(database, second)
        await asyncio.wait_for(ran.wait(), 10)
        await until(empty(database))


async def test_recovery_that_fails_is_postponed_and_harms_nothing(
    runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "_TEND_S", 0.01)
    tries = 0

    async def recover(*_: Any, **__: Any) -> int:
        nonlocal tries
        tries += 1
        raise psycopg.OperationalError("busy")

    monkeypatch.setattr(worker, "recover", recover)
    seen = []

    async def note(_: Runtime, *, n: int) -> None:
        seen.append(n)

    job = as_job(note)
    async with working(runtime, job):
        await until(lambda: is_true(lambda: tries > 2))
        await put(database, job, n=1)
        await until(empty(database))
    assert seen == [1]
