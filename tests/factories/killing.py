"""Killing a coroutine at one of its suspensions, as `kill -9` would: nothing of it runs on, its connections are cut."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any


class Killed(BaseException):
    """Thrown into what is killed; nothing should catch it."""


class KilledAt:
    """Await it: runs `work` up to its n-th suspension, then `die`, and ends the work there.

    Returns whether the work got that far; False: it had ended before.
    """

    def __init__(self, work: Coroutine[Any, Any, object], n: int, die: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._n = n
        self._die = die

    def __await__(self) -> Generator[Any, Any, bool]:
        resume: Callable[[], Any] = functools.partial(self._work.send, None)
        try:
            for _ in range(self._n):
                resume = yield from self._relayed(resume())
            waiting = resume()
        except StopIteration:
            return False
        if waiting is not None:
            waiting._asyncio_future_blocking = False
        yield from self._die().__await__()
        resume = functools.partial(self._work.throw, Killed())
        try:
            while True:  # what clean-up awaits finds its connections cut
                resume = yield from self._relayed(resume())
        except (Killed, StopIteration, asyncio.CancelledError, BaseExceptionGroup):  # a group: its scopes died with it
            return True

    def _relayed(self, waiting: Any) -> Generator[Any, Any, Callable[[], Any]]:
        """Wait for what the work waits for, and return how it goes on: with what came, or with what was thrown."""
        try:
            yield waiting
        except BaseException as error:  # noqa: BLE001 - passed on; such as the cancellation of a scope of the work's own
            return functools.partial(self._work.throw, error)
        return functools.partial(self._work.send, None)
