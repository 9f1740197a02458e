"""From the moment the sender commits to the effect's commit, for single events at a steady rate.

event_latency_p99_ms        milliseconds, 99th percentile, at 100 events a second; the server's data on a memory disk, as in
                            the research that the figure to reach comes from: what the bus itself takes
event_latency_p50_ms        the median of the same run
event_latency_disk_p99_ms   the same on a disk with fsync: what the bus takes and what the disk does
event_latency_disk_p50_ms

The reference is the commit of one row, begun at the same moments at the same rate on the same server: what no bus can beat,
because the sender's own commit is part of each event's way. A disk that stalls stalls both.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final
from uuid import UUID

import uvloop

from bench._bus import Earned, conditions, earned, fresh_database, take
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database, Tx
from vibestream.platform.events import bell
from vibestream.platform.events.outbox import publish
from vibestream.platform.events.relay import relaying
from vibestream.platform.events.subscriptions import Consumers, Subscription

RATE: Final = 100
SECONDS: Final = 20
REACH_MS: Final = 10
SHARES: Final = (99, 50)


def run() -> list[dict[str, Any]]:
    """Measure on fresh servers and return the records."""
    records = []
    under = conditions()
    for where, name in (("/dev/shm", "event_latency"), ("/var/tmp", "event_latency_disk")):  # noqa: S108 - on purpose
        with fresh_database(where) as (_, dsn):
            taken, commits = uvloop.run(_measure(dsn))
        for share in SHARES:
            ours, reference = _percentile(taken, share), _percentile(commits, share)
            records.append(
                {
                    "name": f"{name}_p{share}_ms",
                    "ours": ours,
                    "reference": reference,
                    "ratio": ours / reference,
                    "unit": "ms",
                    **under,
                    "reach": f"< {REACH_MS}" if name == "event_latency" and share == max(SHARES) else None,
                }
            )
    return records


async def _measure(dsn: str) -> tuple[list[float], list[float]]:
    sent: dict[UUID, float] = {}
    taken: dict[UUID, float] = {}

    async def handle(tx: Tx, event: Earned) -> None:
        await take(tx, [event])
        tx.after_commit(lambda: taken.__setitem__(event.event_id, time.perf_counter()))

    consumers = Consumers([Subscription(event=Earned, consumer="bench", handle=handle)])
    commits: list[float] = []
    async with (
        Database(dsn, application="bench") as database,
        bell.hung(database),
        relaying(database, consumers),
    ):
        users = [new_id() for _ in range(500)]
        await _paced(RATE, lambda number: _send(database, users[number % 500], {}), seconds=2)  # warm up
        await _paced(RATE, lambda number: _both(database, users[number % 500], sent, commits), seconds=SECONDS)
        while not sent.keys() <= taken.keys():  # noqa: ASYNC110 - a measurement, over
            await asyncio.sleep(0.05)
    return sorted(taken[event_id] - at for event_id, at in sent.items()), sorted(commits)


async def _paced(rate: int, act: Any, *, seconds: float) -> None:
    """Begin an act `rate` times a second, whether or not the last one has ended."""
    loop = asyncio.get_running_loop()
    begun, acts = loop.time(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + number / rate - loop.time()))
        acts.append(asyncio.create_task(act(number)))
    await asyncio.gather(*acts)


async def _send(database: Database, user_id: UUID, sent: dict[UUID, float]) -> None:
    event = earned(user_id)
    async with database.begin() as tx:
        await publish(tx, event)
        sent[event.event_id] = time.perf_counter()  # before the commit: the effect may be there before it returns


async def _both(database: Database, user_id: UUID, sent: dict[UUID, float], commits: list[float]) -> None:
    await asyncio.gather(_send(database, user_id, sent), _commit(database, commits))


async def _commit(database: Database, commits: list[float]) -> None:
    async with database.begin() as tx:
        await take(tx, [earned(new_id())])
        began = time.perf_counter()
    commits.append(time.perf_counter() - began)


def _percentile(sorted_s: list[float], share: int) -> float:
    return sorted_s[min(len(sorted_s) - 1, len(sorted_s) * share // 100)] * 1000
