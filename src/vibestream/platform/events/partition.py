"""Serving one partition while this process holds it: page after page, then what is due to be tried again."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import structlog

from vibestream.platform.database import Database
from vibestream.platform.events.page import PAGE, Progress, deliver_page
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.events.undelivered import AT_ONCE, Due, due, postpone, try_again
from vibestream.platform.failures import Failure, backoff_s, failure_of

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 10.0
_LOSSES: Final = 4
"""So often in a row a transaction is lost by bad luck; from then on it is looked for an event that loses it every time."""

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
                if failures >= _LOSSES:
                    await self._drain_apart()
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
            progress = await self._settle(self._consumers, limit=self._page, turn=turn)
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
            await self._try_key_again(what)

    async def _try_key_again(self, what: Due) -> None:
        """Try what waits of a key; alone what has lost its transaction, so that it is known and holds up nothing else."""
        most, more = AT_ONCE, True
        while more and not self._finishing.is_set():
            try:
                async with self._slots, self._database.begin() as tx:
                    more = await try_again(
                        tx, consumers=self._consumers, partition=self._partition, what=what, most=most
                    )
            except Exception as error:
                if failure_of(error) is not Failure.LOST:
                    raise
                if most > 1:
                    most = 1
                    continue
                async with self._slots, self._database.begin() as tx:
                    await postpone(tx, partition=self._partition, what=what, error=error)
                return

    async def _drain_apart(self) -> None:
        """Deliver a page to each consumer in a transaction of its own, so that none of them loses it for the others."""
        for name in self._consumers.names:
            if self._finishing.is_set():
                return
            try:
                await self._settle(self._consumers.only(name), limit=self._page)
            except Exception as error:
                if failure_of(error) is not Failure.LOST:
                    raise
                await self._drain_singly(self._consumers.only(name))

    async def _drain_singly(self, consumer: Consumers) -> None:
        """Deliver a page event by event, and set those aside that lose their transaction even so.

        Raises:
            Exception: setting one aside fails as well: then it is the database that is at fault.
        """
        for _ in range(self._page):
            if self._finishing.is_set():
                return
            try:
                if (await self._settle(consumer, limit=1)).at_horizon:
                    return
            except Exception as error:
                if failure_of(error) is not Failure.LOST:
                    raise
                _log.warning("events.lost_every_time", consumer=consumer.names[0], error=repr(error))
                async with self._slots, self._database.begin() as tx:
                    await deliver_page(
                        tx,
                        consumers=consumer,
                        partition=self._partition,
                        horizon=self._horizon,
                        lost_by=error,
                        limit=1,
                    )

    async def _settle(self, consumers: Consumers, *, limit: int, turn: int = 0) -> Progress:
        async with self._slots:
            return await settle_page(
                self._database,
                consumers=consumers,
                partition=self._partition,
                horizon=self._horizon,
                turn=turn,
                limit=limit,
            )


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
