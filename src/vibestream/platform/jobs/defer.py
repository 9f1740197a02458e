"""Deferring jobs, in the transaction that wants them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from vibestream.platform.database import Tx
from vibestream.platform.jobs.connector import Connector
from vibestream.platform.jobs.declare import Job

_manager: Final = JobManager(Connector())


async def defer(
    tx: Tx, job: Job, *, run_at: datetime | None = None, lock: str | None = None, **arguments: object
) -> int:
    """Have a job run when, and only if, the transaction commits, and return its number.

    Args:
        tx: the transaction.
        job: what `@job` made of the function.
        run_at: not before this instant; None: as soon as a worker is free.
        lock: jobs with the same lock run one at a time, in the order in which they were deferred.
        arguments: the function's keyword arguments: text, whole numbers, booleans, None, lists of these.

    Raises:
        TypeError: the function does not take these arguments, or one is not JSON.
        ValueError: an argument is NaN or infinite, or `run_at` has no time zone.
    """
    job.check_arguments(arguments)
    json.dumps(arguments, allow_nan=False)
    deferrer = configure_task(
        name=job.name,
        job_manager=_manager,
        queue=job.queue,
        lock=lock,
        schedule_at=run_at,
        connection=tx.connection,
    )
    return await deferrer.defer_async(**arguments)  # type: ignore[arg-type]  # JSON, as checked above
