"""Jobs whose worker died: found at once, and put back.

Each worker holds a session advisory lock named after its row. A process that is killed loses its session, and with it
the lock; whoever can take the lock knows that the worker is gone. That is exact where a heartbeat guesses: a worker whose
event loop is busy for a minute keeps its jobs, and a killed one loses them within seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from vibestream.platform.database import Tx
from vibestream.platform.jobs.declare import Job

LOCK_SPACE: Final = 0x5642_0002
"""First key of the advisory locks; the second is the worker's number."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Orphan:
    id: int
    name: str
    attempts: int
    another_waits: bool


async def recover(tx: Tx, *, jobs: Mapping[str, Job]) -> int:
    """Put back the jobs of workers that are gone, and return how many.

    A death counts as an attempt: a job that kills every worker fails in the end like one that raises. A periodic job of
    which another tick waits already is dropped.

    `tx` must not be on a connection that holds a worker's lock.
    """
    await tx.execute(
        "DELETE FROM jobs.procrastinate_workers WHERE pg_try_advisory_xact_lock(%s, id::int)", [LOCK_SPACE]
    )
    orphans = await tx.all(
        _Orphan,
        """
        SELECT id, task_name AS name, attempts, EXISTS (
                SELECT FROM jobs.procrastinate_jobs AS waiting
                WHERE waiting.status = 'todo' AND waiting.queueing_lock = orphan.queueing_lock
            ) AS another_waits
        FROM jobs.procrastinate_jobs AS orphan
        WHERE status = 'doing' AND worker_id IS NULL
        ORDER BY id FOR UPDATE SKIP LOCKED
        """,
    )
    for orphan in orphans:
        await _settle(tx, orphan, jobs.get(orphan.name))
    return len(orphans)


async def _settle(tx: Tx, orphan: _Orphan, job: Job | None) -> None:
    if orphan.another_waits:
        await tx.execute("SELECT jobs.procrastinate_finish_job_v1(%s, 'aborted', true)", [orphan.id])
        outcome = "dropped"
    elif job is not None and job.every_s is None and orphan.attempts + 1 >= job.attempts:
        await tx.execute("SELECT jobs.procrastinate_finish_job_v1(%s, 'failed', false)", [orphan.id])
        await note_failure(tx, job_id=orphan.id, error="The worker died while it ran this job.")
        outcome = "failed"
    else:
        await tx.execute("SELECT jobs.procrastinate_retry_job_v2(%s, NULL, NULL, NULL, NULL)", [orphan.id])
        outcome = "put back"
    _log.warning("jobs.orphan", job=orphan.name, id=orphan.id, outcome=outcome, attempts=orphan.attempts + 1)


async def note_failure(tx: Tx, *, job_id: int, error: str) -> None:
    """Keep what a job's last attempt ended with, for operators."""
    await tx.execute(
        """
        INSERT INTO jobs.failure (job_id, error) SELECT id, %s FROM jobs.procrastinate_jobs WHERE id = %s
        ON CONFLICT (job_id) DO UPDATE SET error = excluded.error, at = excluded.at
        """,
        [error[:2000].replace("\0", ""), job_id],
    )
