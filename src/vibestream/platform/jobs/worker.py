"""Running jobs: procrastinate's workers over our pool, with a life line each and a note of what failed.

Guarantees: a deferred job runs until it has returned once, or has failed as often as it may; no job stays `doing` once
its worker is gone; stopping lets running jobs end, and after a while puts them back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
import structlog
from procrastinate import App, RetryDecision, exceptions
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job as StoredJob
from procrastinate.jobs import JobInserted, Status
from procrastinate.manager import JobManager, get_channel_for_queues
from procrastinate.retry import BaseRetryStrategy
from prometheus_client import Counter, Histogram

from vibestream.kernel.errors import Unavailable
from vibestream.kernel.time import utc_now
from vibestream.platform.failures import backoff_s
from vibestream.platform.jobs.connector import Connector
from vibestream.platform.jobs.declare import Job
from vibestream.platform.jobs.recovery import LOCK_SPACE, note_failure, recover
from vibestream.platform.jobs.schedule import ScheduledWorker
from vibestream.platform.quoted import said_by
from vibestream.platform.runtime import Runtime
from vibestream.platform.tasks import cancel_and_wait

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 300.0
_POLL_S: Final = 1.0
_TEND_S: Final = 1.0
_UNKNOWN_PAUSE_S: Final = 60.0
_UNKNOWN_TRIES: Final = 24 * 60
_GRACE_S: Final = 10.0
_RECONNECT_FIRST_S: Final = 0.2
_RECONNECT_MOST_S: Final = 10.0

RUN: Final = Counter("vibestream_jobs", "Attempts at jobs, by outcome.", ["job", "outcome"])
SECONDS: Final = Histogram("vibestream_job_duration_seconds", "How long attempts at jobs took.", ["job"])

_log = structlog.get_logger()


class JobWorker:
    """Runs the jobs of some queues, `slots` at a time, until stopped. Run it once."""

    def __init__(
        self, runtime: Runtime, jobs: Mapping[str, Job], *, queues: Sequence[str], slots: int, schedules: bool
    ) -> None:
        self._runtime = runtime
        self._jobs = jobs
        self._queues = queues
        self._slots = slots
        self._schedules = schedules
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask `run` to take no more jobs, wait a little for those that run, put back what does not end, and return."""
        self._stopping.set()

    async def run(self) -> None:
        """Run jobs until stopped, coming back by itself after whatever the database does meanwhile."""
        failures = 0
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            try:
                async with self._runtime.database.dedicated() as connection:
                    await self._work(connection)
            except (psycopg.Error, exceptions.ProcrastinateException) as error:
                lived_s = asyncio.get_running_loop().time() - began
                failures = 1 if lived_s > _RECONNECT_MOST_S else failures + 1
                _log.warning("jobs.worker.interrupted", queues=list(self._queues), error=repr(error))
                with contextlib.suppress(TimeoutError):
                    pause_s = backoff_s(failures, first_s=_RECONNECT_FIRST_S, most_s=_RECONNECT_MOST_S)
                    await asyncio.wait_for(self._stopping.wait(), pause_s)

    async def _work(self, life_line: psycopg.AsyncConnection[Any]) -> None:
        manager = _Manager(Connector(self._runtime.database), life_line)
        app = _app(self._runtime, self._jobs, manager, schedules=self._schedules)
        worker = ScheduledWorker(
            app,
            queues=self._queues,
            concurrency=self._slots,
            fetch_job_polling_interval=_POLL_S,
            shutdown_graceful_timeout=_GRACE_S,
            delete_jobs="successful",
            install_signal_handlers=False,
        )
        running: Coroutine[Any, Any, None] = worker.run()  # type: ignore[no-untyped-call]
        working = asyncio.create_task(running, name=f"jobs of {', '.join(self._queues)}")
        tending = asyncio.create_task(self._tend(life_line), name="jobs tending")
        tending.add_done_callback(manager.lose)
        stopping = asyncio.create_task(self._stopping.wait(), name="jobs stopping")
        try:
            await asyncio.wait({working, tending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            manager.ending = True
            worker.stop()  # type: ignore[no-untyped-call]
            await asyncio.wait({working})
            await cancel_and_wait(tending, stopping)
        if tending.done() and not tending.cancelled():
            tending.result()
        working.result()

    async def _tend(self, life_line: psycopg.AsyncConnection[Any]) -> None:
        """Put back what dead workers left; ends with an error when our own life line breaks."""
        while True:
            await life_line.execute("SELECT")
            try:
                async with self._runtime.database.begin() as tx:
                    await recover(tx, jobs=self._jobs)
            except psycopg.Error as error:
                _log.warning("jobs.recovery.postponed", error=repr(error))
            await asyncio.sleep(_TEND_S)


class _Manager(JobManager):
    """procrastinate's manager, whose workers are alive as long as their session is, and which does not lose outcomes."""

    def __init__(self, connector: Connector, life_line: psycopg.AsyncConnection[Any]) -> None:
        super().__init__(connector)
        self._life_line = life_line
        self.gone = False
        """The life line broke: others take our jobs for orphans already."""
        self.ending = False
        """Jobs that are cancelled from now on are put back."""

    def lose(self, _: asyncio.Task[None]) -> None:
        """Note that the life line broke."""
        self.gone = True

    async def register_worker(self) -> int:
        """Make the worker's row and take its lock in one statement: nobody sees the row without the lock."""
        cursor = await self._life_line.execute(
            """
            SELECT worker_id, pg_advisory_lock(%s, worker_id::int) FROM jobs.procrastinate_register_worker_v1()
            """,
            [LOCK_SPACE],
        )
        row = await cursor.fetchone()
        if row is None:
            raise exceptions.NoResult
        return int(row[0])

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:  # noqa: ARG002 - its signature
        """Leave workers with old heartbeats alone: the lock says who is dead."""
        return []

    async def finish_job(self, job: StoredJob, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - its signature
        """Note a job's end, again and again until it is noted: a job must not stay `doing` while its worker lives."""
        await self._until_noted(lambda: JobManager.finish_job(self, job, status, delete_job))
        await self._ring(job)

    async def retry_job(
        self,
        job: StoredJob,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Note that a job is to run again, again and again until it is noted."""
        await self._until_noted(lambda: JobManager.retry_job(self, job, retry_at, priority, queue, lock))
        await self._ring(job)

    async def _until_noted(self, note: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while True:
            try:
                await note()
            except exceptions.ConnectorException as error:
                failures += 1
                _log.warning("jobs.outcome.not_noted", error=repr(error.__cause__ or error), failures=failures)
                if self.gone or not isinstance(error.__cause__, psycopg.OperationalError):
                    raise  # not ours any more: somebody has put it back, and perhaps run it, meanwhile
                await asyncio.sleep(backoff_s(failures, first_s=_RECONNECT_FIRST_S, most_s=_RECONNECT_MOST_S))
            else:
                return

    async def _ring(self, job: StoredJob) -> None:
        """Wake the workers of a queue: the end of a job with a lock may be the beginning of another."""
        if job.lock is not None and job.id is not None:
            payload = json.dumps(JobInserted(type="job_inserted", job_id=job.id))
            for channel in get_channel_for_queues([job.queue]):
                with contextlib.suppress(exceptions.ConnectorException):  # they look every second anyway
                    await self.connector.execute_query_async(
                        "SELECT pg_notify(%(channel)s, %(payload)s)", channel=channel, payload=payload
                    )


class _Retry(BaseRetryStrategy):
    def __init__(self, job: Job, manager: _Manager) -> None:
        self._job = job
        self._manager = manager

    def get_retry_decision(self, *, exception: BaseException, job: StoredJob) -> RetryDecision | None:
        """Try again after a growing pause while attempts are left; at once when we were merely told to stop."""
        if self._job.every_s is not None:
            return None
        if isinstance(exception, asyncio.CancelledError) and self._manager.ending:
            return RetryDecision(retry_at=utc_now())
        if job.attempts + 1 >= self._job.attempts:
            return None
        pause_s = backoff_s(job.attempts + 1, first_s=_FIRST_PAUSE_S, most_s=_LONGEST_PAUSE_S)
        return RetryDecision(retry_at=utc_now() + timedelta(seconds=pause_s))


class UnknownJob(Unavailable):
    """A job that this release does not know: an older or a newer one put it there, and may run it."""

    code = "jobs.unknown"


class _RetryUnknown(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: StoredJob) -> RetryDecision | None:  # noqa: ARG002
        """Leave the job to another release for a day."""
        if job.attempts + 1 >= _UNKNOWN_TRIES:
            return None
        return RetryDecision(retry_at=utc_now() + timedelta(seconds=_UNKNOWN_PAUSE_S))


class _Tasks(dict[str, Any]):
    """procrastinate's table of tasks, in which a name that is not there stands for a job to be left to others."""

    unknown: Any = None

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ARG002
        """Return the task of this name, or the one that stands for the unknown."""
        return super().get(name, self.unknown)


def _app(runtime: Runtime, jobs: Mapping[str, Job], manager: _Manager, *, schedules: bool) -> App:
    app = App(connector=manager.connector)
    app.job_manager = manager
    tasks = app.tasks = _Tasks(app.tasks)
    for job in jobs.values():
        task = app.task(name=job.name, queue=job.queue, retry=_Retry(job, manager), pass_context=True)(
            _attempt(runtime, job)
        )
        if schedules and job.cron is not None:
            app.periodic(cron=job.cron, lock=job.name, queueing_lock=job.name)(task)
    tasks.unknown = app.task(name="unknown", retry=_RetryUnknown(), pass_context=True)(_leave)
    return app


async def _leave(context: JobContext, /, **_: Any) -> None:
    raise UnknownJob(f"This release knows no job {context.job.task_name}.")


def _attempt(runtime: Runtime, job: Job) -> Any:
    async def attempt(context: JobContext, *, timestamp: int | None = None, **arguments: Any) -> None:  # noqa: ARG001
        with (
            structlog.contextvars.bound_contextvars(job=job.name, job_id=context.job.id),
            SECONDS.labels(job.name).time(),
        ):
            try:
                await job(runtime, **arguments)
            except Exception as error:
                RUN.labels(job.name, "failed").inc()
                _log.warning("jobs.attempt.failed", attempt=context.job.attempts + 1, exc_info=True)
                await _note(runtime, context, error)
                raise
        RUN.labels(job.name, "done").inc()

    return attempt


async def _note(runtime: Runtime, context: JobContext, error: Exception) -> None:
    if context.job.id is None:
        return
    try:
        async with runtime.database.begin() as tx:
            await note_failure(tx, job_id=context.job.id, error=said_by(error, most=2000))
    except psycopg.Error as trouble:  # the note is for people; the attempt's own outcome is noted persistently
        _log.warning("jobs.failure.not_noted", error=repr(trouble))
