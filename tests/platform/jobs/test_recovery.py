"""Putting back what dead workers left, row by row."""

from __future__ import annotations

from typing import Any

from tests.factories.bus import until
from tests.factories.job_process import deadly, quick, slow
from vibestream.platform.database import Database, Tx
from vibestream.platform.jobs import Job, defer
from vibestream.platform.jobs.recovery import LOCK_SPACE, recover

JOBS = {job.name: job for job in (quick, slow, deadly)}


async def orphan(tx: Tx, job: Job, *, attempts: int = 0, queueing_lock: str | None = None, **arguments: Any) -> int:
    """Make a job that a worker took which is gone."""
    number = await defer(tx, job, **arguments)
    await tx.execute(
        "UPDATE jobs.procrastinate_jobs SET status = 'doing', attempts = %s, queueing_lock = %s WHERE id = %s",
        [attempts, queueing_lock, number],
    )
    return number


async def state(tx: Tx, number: int) -> tuple[str, int] | None:
    cursor = await tx.connection.execute(
        "SELECT status::text, attempts FROM jobs.procrastinate_jobs WHERE id = %s", [number]
    )
    return await cursor.fetchone()


async def test_puts_back_a_job_and_counts_the_death_as_an_attempt(tx: Tx):
    number = await orphan(tx, quick, n=1)
    assert await recover(tx, jobs=JOBS) == 1
    assert await state(tx, number) == ("todo", 1)
    assert await recover(tx, jobs=JOBS) == 0


async def test_fails_a_job_that_has_used_its_attempts_up(tx: Tx):
    number = await orphan(tx, deadly, attempts=2)
    await recover(tx, jobs=JOBS)
    assert await state(tx, number) == ("failed", 3)
    assert await tx.value("SELECT error FROM jobs.failure") == "The worker died while it ran this job."


async def test_puts_back_a_job_that_only_another_release_knows(tx: Tx):
    number = await orphan(tx, quick, n=1, attempts=99)
    await recover(tx, jobs={})
    assert await state(tx, number) == ("todo", 100)


async def test_drops_a_tick_of_which_the_next_waits_already(tx: Tx):
    number = await orphan(tx, quick, n=1, queueing_lock="tick")
    waiting = await defer(tx, quick, n=2)
    await tx.execute("UPDATE jobs.procrastinate_jobs SET queueing_lock = 'tick' WHERE id = %s", [waiting])
    assert await recover(tx, jobs=JOBS) == 1
    assert await state(tx, number) is None
    assert await state(tx, waiting) == ("todo", 0)


async def test_leaves_alone_what_a_living_worker_does(database: Database):
    async with database.dedicated() as living:
        cursor = await living.execute(
            "SELECT worker_id, pg_advisory_lock(%s, worker_id::int) FROM jobs.procrastinate_register_worker_v1()",
            [LOCK_SPACE],
        )
        ((worker_id, _),) = await cursor.fetchall()
        async with database.begin() as tx:
            number = await defer(tx, slow, n=1)
            await tx.execute(
                "UPDATE jobs.procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [worker_id, number]
            )
            assert await recover(tx, jobs=JOBS) == 0

    async def put_back() -> bool:  # the server notices a closed connection in its own time
        async with database.begin() as tx:
            return await recover(tx, jobs=JOBS) == 1

    await until(put_back)
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_workers") == 0
