"""When periodic jobs are due: by the clock as it is now, whatever it showed before.

procrastinate's own schedule goes on from the last tick that it saw. A clock that was set back would keep every periodic job
waiting until it has caught up; one that was set forward, or a machine that slept, would defer each tick in between, one by
one. A tick is worth nothing once the next is due, so only the latest is looked at; the database sees to it that a tick is
deferred once in the whole system.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from procrastinate.periodic import PeriodicDeferrer, PeriodicTask
from procrastinate.worker import Worker


class Schedule(PeriodicDeferrer):
    """Defers the latest tick of each periodic job, when it is another one than before."""

    def get_timestamps(
        self, periodic_task: PeriodicTask[Any, Any, Any], since: int | None, until: float
    ) -> Iterable[int]:
        """Return the latest tick, unless this process deferred it.

        However long ago it was: over midnight no worker may have been up, and what is done once a day is done when one is.
        Only behind the tick that this process deferred last, because the clock was set back, it counts for ten minutes.
        """
        cron = periodic_task.croniter
        cron.set_current(start_time=until)
        latest = round(cron.get_prev(ret_type=float))
        missed = since is None or since < latest
        if latest != since and (missed or until - latest <= self.max_delay):
            yield latest


class ScheduledWorker(Worker):
    """procrastinate's worker with that schedule."""

    async def _periodic_deferrer(self) -> None:
        await Schedule(registry=self.app.periodic_registry, **self.app.periodic_defaults).worker()
