"""A server of its own, an event, and an effect, for the measurements of the bus."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import psycopg

from vibestream.kernel.events import Event
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx, as_app_role
from vibestream.platform.events.subscriptions import Consumers, Subscription
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres


@dataclass(frozen=True, kw_only=True)
class Earned(Event):
    """What a paid listen announces: about as many fields as the product's own events have."""

    type: ClassVar[str] = "vibestream.bench.earned"

    user_id: UUID
    listen_id: UUID
    amount: Money

    @property
    def key(self) -> str:
        return str(self.user_id)


def earned(user_id: UUID) -> Earned:
    """Return a new event of a user."""
    return Earned(occurred_at=utc_now(), user_id=user_id, listen_id=new_id(), amount=Money(10_000, VIBE))


@contextmanager
def fresh_database(where: str = "/var/tmp") -> Iterator[tuple[str, str]]:  # noqa: S108 - a disk, not a memory disk
    """Start a server with its data in a new folder and fsync on; yield the owner's and the application's address."""
    with tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir=where) as folder:
        root = Path(folder)
        root.chmod(0o755)
        with EmbeddedPostgres.start(root / "pg", binaries=find_binaries()) as server:
            with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
                admin.execute("CREATE DATABASE bench")
            owner = server.dsn(database="bench")
            migrate.upgrade(owner)
            with psycopg.connect(owner, autocommit=True) as connection:
                connection.execute(
                    "CREATE TABLE platform.effect (event_id uuid PRIMARY KEY, key text NOT NULL, minor bigint NOT NULL, "
                    "at timestamptz NOT NULL DEFAULT clock_timestamp())"
                )
                connection.execute("GRANT SELECT, INSERT, TRUNCATE ON platform.effect TO vibestream_app")
            yield owner, as_app_role(owner)


async def take(tx: Tx, events: Sequence[Earned]) -> None:
    """Leave a row per event."""
    await tx.execute(
        "INSERT INTO platform.effect (event_id, key, minor) SELECT * FROM unnest(%b::uuid[], %b::text[], %b::bigint[])",
        [
            [event.event_id for event in events],
            [event.key for event in events],
            [event.amount.minor for event in events],
        ],
    )


def conditions() -> dict[str, object]:
    """Return under what this process measures: figures of a busy machine, or of a favoured process, must say so."""
    favoured = os.sched_getscheduler(0) in {os.SCHED_RR, os.SCHED_FIFO}
    return {"load": round(os.getloadavg()[0], 1), "scheduler": "real-time" if favoured else "normal"}


class Taker:
    """Takes events in batches and knows when a number of them has been committed."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.all_taken = asyncio.Event()
        self.consumers = Consumers([Subscription(event=Earned, consumer="bench", handle_batch=self.handle)])

    async def handle(self, tx: Tx, events: Sequence[Earned]) -> None:
        """Take a batch."""
        await take(tx, events)
        tx.after_commit(lambda: self._count(len(events)))

    def _count(self, number: int) -> None:
        self._left -= number
        if self._left == 0:
            self.all_taken.set()
