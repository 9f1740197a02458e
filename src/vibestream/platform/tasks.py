"""Ending tasks for certain."""

from __future__ import annotations

import asyncio
from typing import Any, Final

_AGAIN_AFTER_S: Final = 0.2


async def cancel_and_wait(*tasks: asyncio.Task[Any]) -> list[BaseException | None]:
    """Cancel tasks, wait until each has ended, and return what each raised: None for one that was simply cancelled.

    A cancellation can be lost: before Python 3.12 `asyncio.wait_for` swallows one that comes in the moment in which what
    it waits for is done (gh-86296), and the connection pool waits by it. So it is repeated until it has worked.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_AFTER_S)
    return [None if task.cancelled() else task.exception() for task in tasks]
