"""Serving one partition while this process holds it: page after page, then what is due to be tried again."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import structlog

from vibestream.platform.database import Database
from vibestream.platform.events.page import PAGE, Progress, deliver_page
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.events.undelivered import due, try_again
from vibestream.platform.failures import Failure, backoff_s, failure_of

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 10.0

_log = structlog.get_logger()


class PartitionServer:
    """A task that works whenever it is woken. One at a time per partition in the whole system, see `relay`."""

    def __init__(
        self, database: Database, consumers: Consumers, partition: int, *, slots: asyncio.Semaphore, page: int
    ) -> None:
        self._database = database
        self._consumers = consumers
        self._partition = partition
        self._slots = slots
        self._page = page
        self._horizon = 0
        self._due = False
        self._woken = asyncio.Event()
        self._finishing = asyncio.Event()
        self._task = asyncio.create_task(self._serve(), name=f"event partition {partition}")

    def wake(self, *, horizon: int, due: bool) -> None:
        """Say that there is something below a horizon, or something due to be tried again."""
        self._horizon = horizon
        self._due = self._due or due
        self._woken.set()

    async def finish(self) -> None:
        """Let the transaction that has begun end, begin no other, and return then."""
        self._finishing.set()
        self._woken.set()
        await self._task

    async def _serve(self) -> None:
        failures = 0
        while not self._finishing.is_set():
            await self._woken.wait()
            self._woken.clear()
            try:
                await self._drain()
                failures = 0
            except Exception as error:
                failures += 1
                _log.warning("events.partition.interrupted", partition=self._partition, error=repr(error))
                self._woken.set()
                pause_s = backoff_s(failures, first_s=_FIRST_PAUSE_S, most_s=_LONGEST_PAUSE_S)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._finishing.wait(), pause_s)

    async def _drain(self) -> None:
        turn = caught_up = 0
        while not self._finishing.is_set():
            async with self._slots:
                progress = await settle_page(
                    self._database,
                    consumers=self._consumers,
                    partition=self._partition,
                    horizon=self._horizon,
                    turn=turn,
                    limit=self._page,
                )
            turn += 1
            caught_up = caught_up + 1 if progress.at_horizon else 0
            if caught_up >= progress.groups:
                break
        if self._due:
            await self._try_again()

    async def _try_again(self) -> None:
        self._due = False
        async with self._slots, self._database.begin() as tx:
            waiting = await due(tx, partition=self._partition, consumers=self._consumers.names)
        for what in waiting:
            more = True
            while more and not self._finishing.is_set():
                async with self._slots, self._database.begin() as tx:
                    more = await try_again(tx, consumers=self._consumers, partition=self._partition, what=what)


async def settle_page(
    database: Database, *, consumers: Consumers, partition: int, horizon: int, turn: int = 0, limit: int = PAGE
) -> Progress:
    """Deliver a page in a transaction: all at once, or, when something in it fails, carefully.

    See `deliver_page` for the arguments.

    Raises:
        Exception: the transaction was lost; nothing of it was kept.
    """
    try:
        async with database.begin() as tx:
            return await deliver_page(
                tx, consumers=consumers, partition=partition, horizon=horizon, turn=turn, limit=limit
            )
    except Exception as error:
        if failure_of(error) is Failure.LOST:
            raise
        _log.info("events.page.careful", partition=partition, error=repr(error))
    async with database.begin() as tx:
        return await deliver_page(
            tx, consumers=consumers, partition=partition, horizon=horizon, turn=turn, careful=True, limit=limit
        )
