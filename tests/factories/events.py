"""Events and an effect for tests of the bus: a count per key, and a table in which every delivery leaves a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import psycopg

from vibestream.kernel.events import Event
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx


@dataclass(frozen=True, kw_only=True)
class Counted(Event):
    """The n-th event of a key."""

    type: ClassVar[str] = "vibestream.test.counted"

    name: str
    n: int

    @property
    def key(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class CountedAgain(Counted):
    """The same in another version."""

    version: ClassVar[int] = 2


@dataclass(frozen=True, kw_only=True)
class Closed(Event):
    """Another kind of event for the same keys."""

    type: ClassVar[str] = "vibestream.test.closed"

    name: str
    n: int

    @property
    def key(self) -> str:
        return self.name


@dataclass(frozen=True)
class Effect:
    consumer: str
    key: str
    n: int


def counted(name: str, n: int) -> Counted:
    """Return the n-th event of a key."""
    return Counted(occurred_at=utc_now(), name=name, n=n)


def closed(name: str, n: int) -> Closed:
    """Return an event of the other kind."""
    return Closed(occurred_at=utc_now(), name=name, n=n)


async def create_effects(owner_dsn: str) -> None:
    """Create the table that handlers write to."""
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute(
            "CREATE TABLE platform.effect (position bigint GENERATED ALWAYS AS IDENTITY, consumer text NOT NULL, "
            "key text NOT NULL, n int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
        await owner.execute("GRANT SELECT, INSERT, DELETE ON platform.effect TO vibestream_app")


async def write_effects(tx: Tx, consumer: str, events: Sequence[Counted | Closed]) -> None:
    """Leave a row per event, in order."""
    await tx.execute(
        "INSERT INTO platform.effect (consumer, key, n) SELECT %s, key, n FROM unnest(%s::text[], %s::int[]) "
        "WITH ORDINALITY AS event (key, n, position) ORDER BY position",
        [consumer, [event.key for event in events], [event.n for event in events]],
    )


async def effects(database: Database) -> list[Effect]:
    """Return every effect in the order in which they were taken."""
    async with database.begin() as tx:
        return await tx.all(Effect, "SELECT consumer, key, n FROM platform.effect ORDER BY position")
