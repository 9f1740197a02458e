"""How the queues stand, which jobs failed, and trying a failed one again: for operators, from any process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How one queue stands."""

    name: str
    waiting: int
    """Jobs that could run now."""
    oldest_waiting_s: float
    """How long the longest waiting of them could have run; 0 when there is none."""
    scheduled: int
    """Jobs whose time has not come."""
    running: int
    failed: int


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job whose attempts are used up."""

    id: int
    name: str
    queue: str
    arguments: dict[str, Any]
    attempts: int
    error: str
    """The last attempt's error: its class and message."""
    failed_at: datetime


async def queue_figures(tx: Tx) -> list[QueueFigures]:
    """Return how each queue stands that has jobs."""
    return await tx.all(
        QueueFigures,
        """
        SELECT queue_name AS name,
            (count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, '-infinity') <= now()))::int AS waiting,
            coalesce(extract(epoch FROM now() - min(greatest(scheduled_at, deferred_at))
                FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, '-infinity') <= now())), 0)::float
                AS oldest_waiting_s,
            (count(*) FILTER (WHERE status = 'todo' AND scheduled_at > now()))::int AS scheduled,
            (count(*) FILTER (WHERE status = 'doing'))::int AS running,
            (count(*) FILTER (WHERE status = 'failed'))::int AS failed
        FROM jobs.procrastinate_jobs CROSS JOIN LATERAL (
            SELECT min(at) AS deferred_at FROM jobs.procrastinate_events
            WHERE job_id = procrastinate_jobs.id AND type = 'deferred'
        ) AS first
        GROUP BY queue_name ORDER BY queue_name
        """,
    )


async def list_failed(tx: Tx, *, limit: int = 100) -> list[FailedJob]:
    """Return failed jobs, the newest first."""
    return await tx.all(
        FailedJob,
        """
        SELECT job.id, task_name AS name, queue_name AS queue, args AS arguments, attempts, failure.error,
            failure.at AS failed_at
        FROM jobs.procrastinate_jobs AS job JOIN jobs.failure ON failure.job_id = job.id
        WHERE status = 'failed' ORDER BY failure.at DESC LIMIT %s
        """,
        [limit],
    )


async def try_failed_again(tx: Tx, *, ids: Sequence[int]) -> int:
    """Give failed jobs one more attempt each, and return how many there were."""
    return await tx.execute(
        """
        SELECT jobs.procrastinate_retry_job_v2(id, NULL, NULL, NULL, NULL) FROM jobs.procrastinate_jobs
        WHERE id = ANY(%s) AND status = 'failed'
        """,
        [list(ids)],
    )
