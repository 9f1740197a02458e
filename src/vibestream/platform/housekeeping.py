"""What platform does by the clock: forgetting old events, old jobs and old answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from procrastinate.manager import JobManager

from vibestream.platform.events.retention import prune
from vibestream.platform.http import idempotency_store
from vibestream.platform.jobs import periodic
from vibestream.platform.jobs.connector import Connector
from vibestream.platform.runtime import Runtime

_FAILED_JOBS_KEPT: Final = timedelta(days=30)


@periodic("platform.prune_events", every_s=3600)
async def prune_events(runtime: Runtime) -> None:
    """Delete settled events that are older than the settings say."""
    await prune(runtime.database, keep=timedelta(days=runtime.settings.event_retention_days))


@periodic("platform.prune_jobs", every_s=86_400)
async def prune_jobs(runtime: Runtime) -> None:
    """Delete failed jobs that nobody tried again for a month; those that succeeded are gone at once."""
    await JobManager(Connector(runtime.database)).delete_old_jobs(
        nb_hours=_FAILED_JOBS_KEPT // timedelta(hours=1),
        include_failed=True,
        include_cancelled=True,
        include_aborted=True,
    )


@periodic("platform.prune_idempotency_keys", every_s=3600)
async def prune_idempotency_keys(runtime: Runtime) -> None:
    """Delete the answers kept under idempotency keys whose time is over."""
    while await runtime.database.run(idempotency_store.purge):
        pass
