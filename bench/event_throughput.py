"""Events through the bus to an effect in another table, against the bare driver doing the same rows.

The reference reads pages of the same rows in order and writes the same effects, a transaction a page, on one connection:
no inbox, no horizon, no cursor, no decoding, no handlers. Rounds alternate, on a disk with fsync.

event_throughput            events/s from a full outbox to their effects
event_throughput_end_to_end events/s from the first `publish` to the last effect, senders and relay in one process
"""

from __future__ import annotations

import statistics
import time
from typing import Any, Final

import psycopg
import uvloop

from bench._bus import Earned, Taker, conditions, earned, fresh_database
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database
from vibestream.platform.events import bell
from vibestream.platform.events.outbox import publish
from vibestream.platform.events.page import PAGE
from vibestream.platform.events.relay import relaying

EVENTS: Final = 60_000
PER_TRANSACTION: Final = 500
KEYS: Final = 2_000
ROUNDS: Final = 3
REACH: Final = 20_000


def run() -> list[dict[str, Any]]:
    """Measure on a fresh server and return the records."""
    under = conditions()
    with fresh_database() as (owner, dsn):
        return [{**record, **under} for record in uvloop.run(_measure(owner, dsn))]


async def _measure(owner: str, dsn: str) -> list[dict[str, Any]]:
    ours, reference, both = [], [], []
    async with Database(dsn, application="bench") as database:
        for _ in range(ROUNDS):
            _empty(owner)
            await _publish_all(database)
            _settle(owner)
            ours.append(await _relayed(database))
            with psycopg.connect(owner, autocommit=True) as connection:
                connection.execute("TRUNCATE platform.effect")
            reference.append(await _bare(dsn))
            _empty(owner)
            _settle(owner)
            both.append(await _end_to_end(database))
    rate, bare = statistics.median(ours), statistics.median(reference)
    return [
        {"name": "event_throughput", "ours": rate, "reference": bare, "ratio": rate / bare, "unit": "events/s",
         "reach": f">= {REACH:,}/s"},
        {"name": "event_throughput_end_to_end", "ours": statistics.median(both), "reference": bare,
         "ratio": statistics.median(both) / bare, "unit": "events/s", "reach": None},
    ]  # fmt: skip


async def _publish_all(database: Database) -> None:
    users = [new_id() for _ in range(KEYS)]
    events = [earned(users[number % KEYS]) for number in range(EVENTS)]
    for first in range(0, EVENTS, PER_TRANSACTION):
        async with database.begin() as tx:
            await publish(tx, *events[first : first + PER_TRANSACTION])


async def _relayed(database: Database) -> float:
    taker = Taker(EVENTS)
    began = time.perf_counter()
    async with relaying(database, taker.consumers):
        await taker.all_taken.wait()
        return EVENTS / (time.perf_counter() - began)


async def _end_to_end(database: Database) -> float:
    taker = Taker(EVENTS)
    async with bell.hung(database), relaying(database, taker.consumers):
        began = time.perf_counter()
        await _publish_all(database)
        await taker.all_taken.wait()
        return EVENTS / (time.perf_counter() - began)


async def _bare(dsn: str) -> float:
    """Return how fast pages of the same rows become the same effects without any bus."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        began = time.perf_counter()
        done, last = 0, (-1, -1)
        while done < EVENTS:
            cursor = await connection.execute(
                "SELECT partition, seq, event_id, key, data::text FROM platform.outbox WHERE (partition, seq) > (%s, %s) "
                "AND type = %s ORDER BY partition, seq LIMIT %s",
                [*last, Earned.type, PAGE],
                binary=True,
            )
            rows = await cursor.fetchall()
            await connection.execute(
                "INSERT INTO platform.effect (event_id, key, minor) "
                "SELECT event_id, key, 10000 FROM unnest(%b::uuid[], %b::text[]) AS event (event_id, key)",
                [[row[2] for row in rows], [row[3] for row in rows]],
            )
            await connection.commit()
            done, last = done + len(rows), (rows[-1][0], rows[-1][1])
        return EVENTS / (time.perf_counter() - began)


def _empty(owner: str) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("TRUNCATE platform.outbox, platform.inbox, platform.consumer, platform.effect")


def _settle(owner: str) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
