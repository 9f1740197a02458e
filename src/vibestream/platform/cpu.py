"""A bounded pool of threads for work that would hold up the event loop: password hashing, image and audio analysis.

Bounded twice: so many run at once, and so many may wait. Beyond that a call is refused at once instead of joining a
queue that grows until every answer is late. The threads step back behind the event loop: where there are as many of
them as processors, whoever is not waiting for a hash would wait for the processor all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from vibestream.kernel.errors import Unavailable

T = TypeVar("T")

_DEFAULT_WAITING: Final = 256
_NICENESS: Final = 10


class CpuBusy(Unavailable):
    """Every thread is busy and the queue for them is full; nothing was started."""

    code = "cpu.busy"


class BoundedThreads:
    """At most `threads` calls run at once and at most `waiting` more wait for a thread. Close it when done."""

    def __init__(self, *, threads: int, waiting: int = _DEFAULT_WAITING) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="cpu", initializer=_step_back)
        self._limit = threads + waiting
        self._admitted = 0

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Call `function(*args)` in a thread, with the caller's context variables, and return what it returns.

        A cancelled caller stops waiting; a call that has begun runs to its end in its thread all the same.

        Raises:
            CpuBusy: too many calls are waiting already.
        """
        if self._admitted >= self._limit:
            raise CpuBusy("Too much is being worked on. Try again in a moment.")
        self._admitted += 1
        context = contextvars.copy_context()
        call = self._executor.submit(partial(context.run, function, *args))
        loop = asyncio.get_running_loop()
        call.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
        return await asyncio.wrap_future(call)

    def close(self) -> None:
        """Refuse whatever has not begun and wait for what has."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _leave(self) -> None:
        self._admitted -= 1


def _step_back() -> None:
    """Let the event loop have the processor first. Linux keeps a niceness for each thread; elsewhere nothing is done."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a container may forbid it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
