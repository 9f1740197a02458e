"""The relay: moves events from the outbox to their handlers, one partition at a time, whichever process holds it.

A partition is held by a session advisory lock on a connection of its own. Relays share the partitions evenly: each
takes a shared lock that says "I am here", counts the others, and holds no more than its part. When a process dies, the
server ends its session and with it its locks, and the others take over within a second.

A dedicated connection must reach PostgreSQL itself: behind a pooler in transaction mode session locks mean nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import structlog
from prometheus_client import Gauge
from psycopg import sql

from vibestream.platform.database import Database
from vibestream.platform.events import bell
from vibestream.platform.events.outbox import PARTITIONS
from vibestream.platform.events.page import PAGE
from vibestream.platform.events.partition import PartitionServer
from vibestream.platform.events.registration import register, renumber
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.failures import backoff_s

LOCK_SPACE: Final = 0x5642_0001
"""First key of the advisory locks; the second is the partition, or PRESENCE."""
PRESENCE: Final = -1
_POLL_S: Final = 0.25
_EAGER_S: Final = 0.001
_BALANCE_S: Final = 1.0
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 10.0
_AT_ONCE: Final = 4
"""Partitions that one process works on at the same time: each takes a connection of the pool."""

HELD: Final = Gauge("vibestream_relay_partitions", "Partitions of the outbox that this process holds.")

_log = structlog.get_logger()


@asynccontextmanager
async def relaying(database: Database, consumers: Consumers, *, page: int = PAGE) -> AsyncIterator[None]:
    """Relay events for the time of the block; on leaving it, pages that have begun are finished."""
    relay = Relay(database, consumers, page=page)
    running = asyncio.create_task(relay.run(), name="event relay")
    try:
        yield
    finally:
        relay.stop()
        await running


class Relay:
    """Delivers to `consumers` until stopped. Run it once."""

    def __init__(self, database: Database, consumers: Consumers, *, page: int = PAGE) -> None:
        self._database = database
        self._consumers = consumers
        self._page = page
        self._stopping = False
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._servers: dict[int, PartitionServer] = {}

    def stop(self) -> None:
        """Ask `run` to finish what it has begun and return, within about a quarter of a second plus a page."""
        self._stopping = True

    async def run(self) -> None:
        """Relay until stopped, coming back by itself after whatever the database does meanwhile."""
        failures = 0
        while not self._stopping:
            try:
                async with self._database.begin() as tx:
                    await renumber(tx)
                    await register(tx, consumers=self._consumers)
                async with self._database.dedicated() as connection:
                    failures = 0
                    await self._lead(connection)
            except psycopg.Error as error:
                failures += 1
                _log.warning("events.relay.interrupted", error=repr(error))
                await asyncio.sleep(backoff_s(failures, first_s=_FIRST_PAUSE_S, most_s=_LONGEST_PAUSE_S))
            finally:
                await self._release_all()

    async def _lead(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await _notice_dead_peers(connection)
        await connection.execute("SELECT pg_advisory_lock_shared(%s, %s)", [LOCK_SPACE, PRESENCE])
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(bell.CHANNEL)))
        loop = asyncio.get_running_loop()
        balance_at = loop.time()
        wait_s = _EAGER_S
        while not self._stopping:
            if loop.time() >= balance_at:
                await self._balance(connection)
                balance_at = loop.time() + _BALANCE_S
            in_flight = await self._look(connection)
            # An event above the horizon has been committed while an older transaction is still open; no bell will ring
            # when that one ends, so look again soon, and ever less eagerly when it takes its time.
            wait_s = min(wait_s * 2, _POLL_S) if in_flight else _POLL_S
            rung = False
            async for _ in connection.notifies(timeout=wait_s, stop_after=1):
                rung = True
            if rung or not in_flight:
                wait_s = _EAGER_S

    async def _balance(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Take free partitions up to an even share; give back what is beyond it."""
        cursor = await connection.execute(
            """
            SELECT count(*) FROM pg_locks
            WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND classid = %s::bigint::oid AND objid = (%s::bigint & 4294967295)::oid AND granted
            """,
            [LOCK_SPACE, PRESENCE],
        )
        row = await cursor.fetchone()
        share = math.ceil(PARTITIONS / max(1, row[0] if row else 1))
        for partition in sorted(self._servers)[share:]:
            await self._servers.pop(partition).finish()
            await connection.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, partition])
        for partition in range(PARTITIONS):
            if len(self._servers) >= share:
                break
            if partition not in self._servers:
                cursor = await connection.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, partition])
                row = await cursor.fetchone()
                if row and row[0]:
                    self._servers[partition] = PartitionServer(
                        self._database, self._consumers, partition, slots=self._slots, page=self._page
                    )
        HELD.set(len(self._servers))

    async def _look(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        """Wake the partitions that have something to do, and return whether any has events above the horizon."""
        cursor = await connection.execute(
            """
            WITH horizon AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid)
            SELECT held.partition, horizon.xid,
                EXISTS (
                    SELECT FROM platform.outbox
                    WHERE outbox.partition = held.partition AND outbox.xid < horizon.xid AND outbox.xid >= (
                        SELECT min(drained_to) FROM platform.consumer
                        WHERE consumer.partition = held.partition AND consumer.name = ANY(%(names)s)
                    )
                ),
                EXISTS (
                    SELECT FROM platform.undelivered
                    WHERE undelivered.partition = held.partition AND undelivered.consumer = ANY(%(names)s)
                        AND state = 'retrying' AND next_try_at <= clock_timestamp()
                ),
                EXISTS (
                    SELECT FROM platform.outbox WHERE outbox.partition = held.partition AND outbox.xid >= horizon.xid
                )
            FROM horizon CROSS JOIN unnest(%(held)s::smallint[]) AS held (partition)
            """,
            {"held": list(self._servers), "names": list(self._consumers.names)},
        )
        above = False
        for partition, horizon, unread, due, in_flight in await cursor.fetchall():
            above = above or in_flight
            if unread or due:
                self._servers[partition].wake(horizon=horizon, due=due)
        return above

    async def _release_all(self) -> None:
        servers, self._servers = self._servers, {}
        HELD.set(0)
        await asyncio.gather(*(server.finish() for server in servers.values()))


async def _notice_dead_peers(connection: psycopg.AsyncConnection[Any]) -> None:
    """Have the server end this session half a minute after our machine has vanished, and with it the locks."""
    for setting, seconds in (("tcp_keepalives_idle", 10), ("tcp_keepalives_interval", 5), ("tcp_keepalives_count", 4)):
        await connection.execute("SELECT set_config(%s, %s, false)", [setting, str(seconds)])
