"""A job worker in a process of its own, to be killed: `python -m tests.factories.job_process DSN FOLDER`.

Its jobs leave rows in `platform.effect`, see `tests.factories.events`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from vibestream.platform.config import Environment, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.jobs import declared_jobs, job
from vibestream.platform.jobs.worker import JobWorker
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store


async def leave(runtime: Runtime, what: str, n: int) -> None:
    """Leave a row."""
    async with runtime.database.begin() as tx:
        await tx.execute("INSERT INTO platform.effect (consumer, key, n) VALUES ('job', %s, %s)", [what, n])


@job("test.slow", queue="test")
async def slow(runtime: Runtime, *, n: int) -> None:
    """Say that it began, take a while, say that it is done."""
    await leave(runtime, "begun", n)
    await asyncio.sleep(0.15)
    await leave(runtime, "done", n)


@job("test.quick", queue="test", attempts=100)
async def quick(runtime: Runtime, *, n: int) -> None:
    """Leave a row, once."""
    async with runtime.database.begin() as tx:
        await tx.execute(
            "INSERT INTO platform.effect (consumer, key, n) SELECT 'job', 'quick', %(n)s "
            "WHERE NOT EXISTS (SELECT FROM platform.effect WHERE key = 'quick' AND n = %(n)s)",
            {"n": n},
        )


@job("test.deadly", queue="test", attempts=3)
async def deadly(runtime: Runtime) -> None:
    """Kill the worker."""
    await leave(runtime, "deadly", 0)
    os.kill(os.getpid(), signal.SIGKILL)


async def main(dsn: str, folder: str) -> None:
    """Work until SIGTERM."""
    settings = load_settings(environment=Environment.TEST, data_dir=Path(folder))
    async with Database(dsn, application="jobs") as database:
        runtime = Runtime(
            settings=settings,
            database=database,
            objects=open_store(settings),
            mailer=Mailer(settings),
            cpu=BoundedThreads(threads=1),
        )
        worker = JobWorker(runtime, declared_jobs(), queues=["test"], slots=3, schedules=False)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
