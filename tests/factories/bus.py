"""Working the bus by hand, so that a test decides what happens when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from vibestream.kernel.events import Event
from vibestream.platform.database import Database
from vibestream.platform.events.outbox import PARTITIONS, publish
from vibestream.platform.events.page import PAGE
from vibestream.platform.events.partition import settle_page
from vibestream.platform.events.registration import register
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.events.undelivered import due, try_again


async def announce(database: Database, *events: Event) -> None:
    """Publish events in a transaction of their own."""
    async with database.begin() as tx:
        await publish(tx, *events)


async def registered(database: Database, consumers: Consumers) -> Consumers:
    """Register consumers and return them."""
    async with database.begin() as tx:
        await register(tx, consumers=consumers)
    return consumers


async def horizon_of(database: Database) -> int:
    """Return the transaction id below which nothing is in flight."""
    async with database.begin() as tx:
        return int(await tx.value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))


async def settled_horizon_of(database: Database, *, patience_s: float = 10) -> int:
    """Return the horizon once it has passed everything that was committed before this call.

    Other tests' transactions in the same server hold it back for a moment; one that the test itself keeps open holds it
    back for good, and then the horizon is what it is.
    """
    async with database.begin() as tx:
        newest = int(await tx.value("SELECT pg_current_xact_id()::text::bigint"))
    deadline = time.monotonic() + patience_s
    while (horizon := await horizon_of(database)) <= newest and time.monotonic() < deadline:  # noqa: ASYNC110 - nobody would set an event
        await asyncio.sleep(0.01)
    return horizon


async def drain(database: Database, consumers: Consumers, *, horizon: int | None = None, page: int = PAGE) -> None:
    """Deliver all that lies below the horizon, as the relay does, and try nothing again."""
    below = await settled_horizon_of(database) if horizon is None else horizon
    for partition in range(PARTITIONS):
        turn = caught_up = 0
        while True:
            progress = await settle_page(
                database, consumers=consumers, partition=partition, horizon=below, turn=turn, limit=page
            )
            turn += 1
            caught_up = caught_up + 1 if progress.at_horizon else 0
            if caught_up >= progress.groups:
                break


async def retry_now(database: Database, consumers: Consumers) -> None:
    """Let the time of every next try have come, and try."""
    async with database.begin() as tx:
        await tx.execute("UPDATE platform.undelivered SET next_try_at = now() WHERE next_try_at < 'infinity'")
    for partition in range(PARTITIONS):
        async with database.begin() as tx:
            waiting = await due(tx, partition=partition, consumers=consumers.names)
        for what in waiting:
            more = True
            while more:
                async with database.begin() as tx:
                    more = await try_again(tx, consumers=consumers, partition=partition, what=what)


async def until(holds: Callable[[], Awaitable[bool]], *, timeout_s: float = 30) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + timeout_s
    while not await holds():
        assert time.monotonic() < deadline, "it never came to hold"
        await asyncio.sleep(0.02)
