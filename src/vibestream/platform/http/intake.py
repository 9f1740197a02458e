"""A large body, read ahead of whoever works on it.

The reader goes on receiving while the worker writes what came before, a bounded number of bytes ahead. The worker
learns what a plain iteration hides: that the sender has gone silent, and whether the body ended or was cut.
"""

from __future__ import annotations

import asyncio
import enum
from types import TracebackType
from typing import Final, Self

from starlette.requests import ClientDisconnect, Request

from vibestream.kernel.errors import VibeStreamError

AHEAD_BYTES: Final = 4 * 1024 * 1024


class Ended(enum.Enum):
    """How a body ended."""

    WHOLE = "whole"
    CUT = "cut"


class Intake:
    """A request's body as blocks. Use as an async context manager, once per request, outside any transaction."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._arrived = asyncio.Event()
        self._wanted = asyncio.Event()
        self._refusal: VibeStreamError | None = None
        self.ended: Ended | None = None
        """None while more may come. What `take` has not returned yet is still to be taken when it is set."""

    @property
    def announced_bytes(self) -> int | None:
        """How long the body is said to be; None when that is not said. The server holds the sender to it."""
        length = self._request.headers.get("content-length")
        return None if length is None else int(length)

    async def __aenter__(self) -> Self:
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.cancel()
        await asyncio.wait([self._reader])

    async def take(self, *, within_s: float) -> list[bytes]:
        """Return all pieces that came, or wait for the first; none when the body ended or nothing came in time.

        Raises:
            BodyTooLarge: the body is longer than the route takes.
        """
        if not self._waiting and self.ended is None:
            self._arrived.clear()
            try:
                async with asyncio.timeout(within_s):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        pieces, self._waiting, self._waiting_bytes = self._waiting, [], 0
        self._wanted.set()
        if not pieces and self._refusal is not None:
            raise self._refusal
        return pieces

    async def _read(self) -> None:
        try:
            async for piece in self._request.stream():
                if piece:
                    self._waiting.append(piece)
                    self._waiting_bytes += len(piece)
                    self._arrived.set()
                if self._waiting_bytes >= AHEAD_BYTES:
                    self._wanted.clear()
                    await self._wanted.wait()
            self.ended = Ended.WHOLE
        except ClientDisconnect:
            self.ended = Ended.CUT
        except VibeStreamError as refusal:
            self._refusal, self.ended = refusal, Ended.CUT
        finally:
            self._arrived.set()
