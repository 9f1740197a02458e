"""Declaring jobs: a decorator on an async function, found again by its stable name."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vibestream.platform.runtime import Runtime

DEFAULT_QUEUE: Final = "default"
_DEFAULT_ATTEMPTS: Final = 5
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A declared job. Calling it runs the function here and now, as the worker does."""

    name: str
    """Stable: it is stored with every waiting job."""
    function: Callable[..., Awaitable[None]]
    queue: str
    attempts: int
    """How often it is tried in all before it counts as failed."""
    every_s: int | None = None
    """Every how many seconds the schedule defers it; None for a job that is only deferred by name."""

    async def __call__(self, runtime: Runtime, **arguments: Any) -> None:
        """Run the function."""
        await self.function(runtime, **arguments)

    @property
    def cron(self) -> str | None:
        """The schedule as a cron line with seconds in the sixth place; None for a job without one."""
        return None if self.every_s is None else _cron(self.every_s)

    def check_arguments(self, arguments: Mapping[str, object]) -> None:
        """Check that the function takes these arguments.

        Raises:
            TypeError: it does not.
        """
        inspect.signature(self.function).bind(None, **arguments)


_declared: dict[str, Job] = {}


def job(
    name: str, *, queue: str = DEFAULT_QUEUE, attempts: int = _DEFAULT_ATTEMPTS
) -> Callable[[Callable[..., Awaitable[None]]], Job]:
    """Declare an async function `(runtime, *, ...)` as the job `name`.

    The function must be idempotent: it is run again when it raised, up to `attempts` times in all with growing pauses,
    and when its worker died while running it. Its arguments are JSON: text, whole numbers, booleans, None, lists.

    Raises:
        ValueError: another function has the name.
    """

    def declare(function: Callable[..., Awaitable[None]]) -> Job:
        return _declare(Job(name, function, queue, attempts))

    return declare


def periodic(name: str, *, every_s: int, queue: str = DEFAULT_QUEUE) -> Callable[[Callable[..., Awaitable[None]]], Job]:
    """Declare an async function `(runtime)` as a job that is run every so many seconds, once in the whole system.

    Ticks are aligned to the clock in UTC. A tick is left out while the one before still waits or runs, and one that
    fails is not tried again: the next tick is the next try.

    Args:
        name: stable name.
        every_s: a divisor of a minute, or whole minutes that divide an hour, or whole hours that divide a day, or a day.
        queue: the queue whose workers run it.

    Raises:
        ValueError: another function has the name, or the clock cannot tick so.
    """
    _cron(every_s)

    def declare(function: Callable[..., Awaitable[None]]) -> Job:
        return _declare(Job(name, function, queue, attempts=1, every_s=every_s))

    return declare


def declared_jobs() -> Mapping[str, Job]:
    """Return every job that was declared by the modules imported so far, by name."""
    return dict(_declared)


def _declare(declared: Job) -> Job:
    if declared.name in _declared:
        raise ValueError(f"There is a job {declared.name} already")
    _declared[declared.name] = declared
    return declared


def _cron(every_s: int) -> str:
    if 0 < every_s < _MINUTE and _MINUTE % every_s == 0:
        return f"* * * * * */{every_s}"
    if _MINUTE <= every_s < _HOUR and every_s % _MINUTE == 0 and _HOUR % every_s == 0:
        return f"*/{every_s // _MINUTE} * * * *"
    if _HOUR <= every_s < _DAY and every_s % _HOUR == 0 and _DAY % every_s == 0:
        return f"0 */{every_s // _HOUR} * * *"
    if every_s == _DAY:
        return "0 0 * * *"
    raise ValueError(f"The clock cannot tick every {every_s} seconds: take a divisor of a minute, an hour or a day")
