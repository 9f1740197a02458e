"""Deferring jobs, in the transaction that wants them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Later:
    """One of many: a job's arguments, and not before when it runs; None: as soon as a worker is free."""

    arguments: Mapping[str, object]
    run_at: datetime | None = None


_DEFERRED: Final = """
SELECT unnest(jobs.procrastinate_defer_jobs_v1(ARRAY(
    SELECT ROW(%(queue)s, %(name)s, 0, NULL, NULL, arguments, run_at)::jobs.procrastinate_job_to_defer_v1
    FROM ROWS FROM (jsonb_array_elements(%(arguments)s::jsonb), unnest(%(run_at)s::timestamptz[]))
        WITH ORDINALITY AS later (arguments, run_at, number)
    ORDER BY number
)))
"""
"""procrastinate's own function, by one JSON text: a record for each, escaped quote by quote, costs most of deferring many."""


async def defer_many(tx: Tx, job: Job, later: Sequence[Later]) -> list[int]:
    """Have a job run once for each of these, as `defer` does, by one statement, and return their numbers in this order.

    Raises:
        TypeError: the function does not take these arguments, or one is not JSON.
        ValueError: an argument is NaN or infinite, or a `run_at` has no time zone.
    """
    if not later:
        return []
    for names in {tuple(one.arguments) for one in later}:
        job.check_arguments(dict.fromkeys(names))
    for one in later:
        if one.run_at is not None and one.run_at.tzinfo is None:
            raise ValueError(f"{one.run_at} has no time zone")
    arguments = json.dumps([dict(one.arguments) for one in later], allow_nan=False)
    given = {"queue": job.queue, "name": job.name, "arguments": arguments, "run_at": [one.run_at for one in later]}
    return [int(number) for number in await tx.values(_DEFERRED, given)]
