"""What happens right now, told to the browsers of those it concerns.

A transaction announces; at its commit the database tells every web process, and each passes it to the open event
streams of that topic. An announcement is a hint that may be lost (a browser that was away reads the state anew), never
the record of a fact. It costs a database-wide lock at commit, so it is for what people watch, not for every write.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import psycopg
import structlog

from vibestream.kernel.ids import UserId
from vibestream.platform.database import Database, Tx
from vibestream.platform.observability.metrics import LIVE_LISTENING, LIVE_SENT, LIVE_STREAMS

CHANNEL: Final = "vibestream_live"
MAX_BYTES: Final = 7_900
"""PostgreSQL refuses a notification of 8000 bytes or more."""
BACKLOG: Final = 64
"""Announcements that wait for a slow reader before it is dropped."""
MOST_STREAMS: Final = 20
"""Open streams of one topic; a further one ends the oldest. A browser needs one, whatever its tabs."""
RESYNC: Final = "resync"
"""The kind that tells a browser to read its state anew, because announcements may have been lost."""
SESSION_CHECK: Final = "session.check"
"""The kind that makes a stream ask whether its session is still open; it is not passed on."""

_KIND: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_RECONNECT_S: Final = 1.0
_PROBE_S: Final = 30.0
_log = structlog.get_logger()


class AnnouncementTooLarge(ValueError):
    """An announcement that a notification cannot carry: announce an id and let the browser read the rest."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What an event stream passes on: a kind such as `packaging.progress`, and its data as JSON on one line.

    `event_id` is the number by which a browser that comes back says what it has heard; None: it is not told again.
    """

    kind: str
    data: str
    event_id: int | None = None

    @classmethod
    def of(cls, kind: str, data: Mapping[str, Any], event_id: int | None = None) -> Self:
        """Return an announcement; UUIDs, instants and amounts are written as text.

        Raises:
            ValueError: the kind is not lower-case words joined by dots.
        """
        if not _KIND.fullmatch(kind):
            msg = f"{kind!r} is not a kind such as packaging.progress"
            raise ValueError(msg)
        return cls(kind, json.dumps(data, separators=(",", ":"), default=str), event_id)


async def announce(tx: Tx, *, topic: str, kind: str, data: Mapping[str, Any], event_id: int | None = None) -> None:
    """Tell the open event streams of a topic, once the transaction has committed.

    The topic `user:<id>` reaches every browser of an account, `session:<id>` one session's. What has an `event_id` is
    also kept by whoever announces it: numbers of one account in the order of commits, read again by the edge's `Replay`.

    Raises:
        AnnouncementTooLarge: the data does not fit a notification.
        ValueError: the kind is malformed.
    """
    payload = _written(topic, Announcement.of(kind, data, event_id))
    await tx.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


async def announce_many(tx: Tx, said: Iterable[tuple[str, Announcement]]) -> None:
    """Tell many topics, each its own, as `announce` does: as few notifications as hold them, by one statement.

    Raises:
        AnnouncementTooLarge: one of them does not fit a notification.
    """
    payloads, together, size = list[str](), list[str](), 1
    for topic, announcement in said:
        one = _written(topic, announcement)
        more = len(one.encode()) + 1
        if together and size + more > MAX_BYTES:
            payloads.append(f"[{','.join(together)}]")
            together, size = [], 1
        together.append(one)
        size += more
    if together:
        payloads.append(f"[{','.join(together)}]")
        # As one JSON text: an array would be escaped quote by quote in Python, which took a third of telling many.
        await tx.execute(
            "SELECT count(pg_notify(%s, one)) FROM json_array_elements_text(%s::json) AS one",
            [CHANNEL, json.dumps(payloads)],
        )


async def sessions_ended(tx: Tx, *, user_id: UserId) -> None:
    """Make every open stream of an account ask again, once the transaction has committed, whether its session is open."""
    await announce(tx, topic=f"user:{user_id}", kind=SESSION_CHECK, data={})


@dataclass(eq=False, slots=True)
class Subscription:
    """One open stream's announcements. `ended` is set when it must end: too slow a reader, or one stream too many."""

    topics: frozenset[str]
    waiting: asyncio.Queue[Announcement] = field(default_factory=lambda: asyncio.Queue(BACKLOG))
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    reason: str = ""

    def end(self, reason: str) -> None:
        """Make the stream end."""
        self.reason = self.reason or reason
        self.ended.set()

    def pass_on(self, announcement: Announcement) -> None:
        """Queue an announcement, or end the stream when its reader has fallen too far behind."""
        try:
            self.waiting.put_nowait(announcement)
        except asyncio.QueueFull:
            self.end("slow_reader")


class LiveHub:
    """This process's open event streams, fed by one listening connection. `run` it in a task of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_topic: defaultdict[str, list[Subscription]] = defaultdict(list)
        self._closed = ""
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def subscribed(self, *topics: str) -> Iterator[Subscription]:
        """Receive the announcements of topics while the block runs."""
        subscription = Subscription(frozenset(topics))
        for topic in subscription.topics:
            streams = self._by_topic[topic]
            streams.append(subscription)
            if len(streams) > MOST_STREAMS:
                streams[0].end("too_many")
        if self._closed:
            subscription.end(self._closed)
        LIVE_STREAMS.inc()
        try:
            yield subscription
        finally:
            LIVE_STREAMS.dec()
            for topic in subscription.topics:
                self._by_topic[topic].remove(subscription)
                if not self._by_topic[topic]:
                    del self._by_topic[topic]

    async def run(self) -> None:
        """Listen until cancelled; connect anew when the connection is lost, and then tell every stream to resync."""
        while True:
            try:
                await self._listen()
            except (psycopg.OperationalError, OSError) as error:
                _log.warning("live.connection_lost", error=type(error).__name__)
            finally:
                self.listening.clear()
                LIVE_LISTENING.set(0)
            await asyncio.sleep(_RECONNECT_S)

    def close(self, reason: str) -> None:
        """End every stream, and each that is opened from now on."""
        self._closed = reason
        for subscription in self._everyone():
            subscription.end(reason)

    async def _listen(self) -> None:
        async with self._database.dedicated() as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self.listening.set()
            LIVE_LISTENING.set(1)
            for subscription in self._everyone():
                subscription.pass_on(Announcement.of(RESYNC, {}))
            while True:
                async for notification in connection.notifies(timeout=_PROBE_S):
                    self._dispatch(notification.payload)
                await connection.execute("SELECT 1")  # a connection that was cut silently raises here

    def _dispatch(self, payload: str) -> None:
        try:
            heard = _read(payload)
        except (ValueError, TypeError):
            _log.warning("live.malformed", size=len(payload))
            return
        for topic, announcement in heard:
            for subscription in self._by_topic.get(topic, ()):
                subscription.pass_on(announcement)
                LIVE_SENT.inc()

    def _everyone(self) -> set[Subscription]:
        return {subscription for streams in self._by_topic.values() for subscription in streams}


def _written(topic: str, announcement: Announcement) -> str:
    numbered = [] if announcement.event_id is None else [announcement.event_id]
    written = json.dumps([topic, announcement.kind, announcement.data, *numbered], separators=(",", ":"))
    if len(written.encode()) + 2 > MAX_BYTES:  # two brackets, where it stands among others
        raise AnnouncementTooLarge(f"{announcement.kind}: at most {MAX_BYTES} bytes")
    return written


def _read(payload: str) -> list[tuple[str, Announcement]]:
    """Return what a notification says: one announcement, or a list of them."""
    read = json.loads(payload)
    heard = []
    for one in read if isinstance(read, list) and read and isinstance(read[0], list) else [read]:
        topic, kind, data, *numbers = one
        heard.append((str(topic), Announcement(str(kind), str(data), *map(int, numbers))))
    return heard
