"""A packaging worker in a process of its own, to be killed: `python -m tests.factories.packaging_process DSN FOLDER`."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from vibestream.contexts.music.packaging.jobs import QUEUE
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.jobs import declared_jobs
from vibestream.platform.jobs.worker import JobWorker
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store


async def main(dsn: str, folder: str) -> None:
    """Work until SIGTERM."""
    settings = load_settings(environment=Environment.TEST, data_dir=Path(folder))
    async with Database(dsn, application="packaging") as database:
        runtime = Runtime(
            settings=settings,
            database=database,
            objects=open_store(settings),
            mailer=Mailer(settings),
            cpu=BoundedThreads(threads=1),
        )
        worker = JobWorker(runtime, declared_jobs(), queues=[QUEUE], slots=1, schedules=False)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))
