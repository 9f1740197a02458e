"""What one process does every few seconds beside its requests, for as long as it lives.

For what belongs to this process and to no other: refreshing what it keeps in memory, writing down what it gathered.
Work that the deployment wants done once is a periodic job instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from vibestream.platform.failures import backoff_s
from vibestream.platform.quoted import said_by
from vibestream.platform.tasks import cancel_and_wait

_MOST_PAUSE_S: Final = 10.0
_log = structlog.get_logger()


@asynccontextmanager
async def recurring(work: Callable[[], Awaitable[None]], *, name: str, every_s: float) -> AsyncIterator[None]:
    """Do some work every so many seconds while the block runs, and once more when it is left.

    Work that fails is logged and tried again, after growing pauses of at most ten seconds: a database that is away
    must not end what will be needed when it is back. The last time, a failure is logged and nothing more.
    """
    task = asyncio.create_task(_repeat(work, name=name, every_s=every_s), name=name)
    try:
        yield
    finally:
        await cancel_and_wait(task)
        await _try(work, name=name)


async def _repeat(work: Callable[[], Awaitable[None]], *, name: str, every_s: float) -> None:
    failures = 0
    while True:
        failures = 0 if await _try(work, name=name) else failures + 1
        pause = every_s if failures == 0 else backoff_s(failures, first_s=every_s, most_s=max(every_s, _MOST_PAUSE_S))
        await asyncio.sleep(pause)


async def _try(work: Callable[[], Awaitable[None]], *, name: str) -> bool:
    try:
        await work()
    except Exception as error:
        _log.warning("recurring.failed", name=name, error=said_by(error, most=300))
        return False
    return True
