"""One page of one partition, in one transaction: read, deliver to every consumer at the same place, move on.

**The window.** Identity numbers are given out before commit, so "everything after number n" skips what commits late.
Instead a consumer advances by windows of *transactions*: a window ends at a horizon that PostgreSQL vouches for, below
which nothing is in flight any more. Inside a window, events are read by their number, because a sender that waited for
another's lock may hold the lower transaction id and the higher number: the number gives the order, the transaction the
completeness. A window can be cut at a horizon and nowhere else: only there is no key's later event on the earlier side.

Source: research, events_sagas_reliability section 3, trap 1: 70 of 600 events lost by a cursor on the number alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import tuple_row

from vibestream.platform.database import Tx
from vibestream.platform.events.delivery import deliver, deliver_one
from vibestream.platform.events.envelopes import Envelope
from vibestream.platform.events.subscriptions import Consumers, Poison
from vibestream.platform.events.undelivered import blocked_keys, set_aside
from vibestream.platform.failures import Failure, failure_of

PAGE: Final = 1000
"""Most events of one transaction: enough to spread its cost, few enough to undo and read again."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a consumer has come: all transactions below `drained_to`, and of its open window all up to `after_seq`."""

    drained_to: int
    window_to: int | None
    after_seq: int | None


@dataclass(frozen=True, slots=True)
class _Cursor:
    name: str
    drained_to: int
    window_to: int | None
    after_seq: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """What a page came to."""

    groups: int
    """How many groups of consumers there are, each at a place of its own; mostly one."""
    at_horizon: bool
    """Whether the group whose turn it was has settled everything below the horizon."""


async def deliver_page(
    tx: Tx,
    *,
    consumers: Consumers,
    partition: int,
    horizon: int,
    turn: int = 0,
    careful: bool = False,
    lost_by: Exception | None = None,
    limit: int = PAGE,
) -> Progress:
    """Deliver the next page to those consumers that stand at one place, and return how far they came.

    Args:
        tx: a transaction of its own, to be committed at once.
        consumers: who hears what.
        partition: which part of the keys.
        horizon: a transaction id below which nothing was in flight some time before `tx` began.
        turn: counts up, so that consumers at different places take turns: one that catches up holds up nobody.
        careful: False: all at once, any failure fails the transaction. True: events that fail are set aside.
        lost_by: what delivering these very events has come to again and again; they are set aside without being delivered.
        limit: most events.

    Raises:
        Exception: not careful: what a handler raised; careful: the transaction is lost.
    """
    # Nobody is told that a page is done, and its effects, inbox rows and cursors are one commit: if a crash of the server
    # undoes it, it is done again. Whatever is committed durably afterwards, such as a worker taking a job that a handler
    # deferred, makes this page durable before it, because the log is one sequence. So nobody waits for the disk here,
    # least of all the horizon, which every transaction in flight holds back.
    await tx.execute("SET LOCAL synchronous_commit = off")
    groups = await _groups(tx, consumers, partition)
    if not groups:
        return Progress(groups=0, at_horizon=True)
    place, names = groups[turn % len(groups)]
    window = await _window(tx, partition, place, horizon)
    if window is not None and window.after_seq is None:
        await _move(tx, partition, names, window)
    if window is None or window.after_seq is None:
        return Progress(len(groups), at_horizon=True)
    types = sorted(set().union(*(consumers.types_of(name) for name in names)))
    envelopes = await _read(tx, partition, window, types, limit)
    if envelopes:
        blocked = await blocked_keys(tx, partition=partition, consumers=names)
        for name in names:
            heard = consumers.types_of(name)
            mine = [envelope for envelope in envelopes if envelope.type in heard]
            await _deliver_to(
                tx,
                consumers=consumers,
                consumer=name,
                partition=partition,
                envelopes=mine,
                blocked={key for consumer, key in blocked if consumer == name},
                careful=careful,
                lost_by=lost_by,
            )
    to = _after(window, envelopes, limit)
    await _move(tx, partition, names, to)
    return Progress(len(groups), at_horizon=to.window_to is None and to.drained_to >= horizon)


async def _deliver_to(
    tx: Tx,
    *,
    consumers: Consumers,
    consumer: str,
    partition: int,
    envelopes: Sequence[Envelope],
    blocked: set[str],
    careful: bool,
    lost_by: Exception | None,
) -> None:
    """Deliver events while those of blocked keys wait, and, when careful, set aside those that fail."""
    poison = consumers.poison_of(consumer)
    free = []
    for envelope in envelopes:
        waits = envelope.key in blocked
        if waits or lost_by is not None:
            error = None if waits else lost_by
            await set_aside(tx, consumer=consumer, partition=partition, poison=poison, envelope=envelope, error=error)
        else:
            free.append(envelope)
    if not free:
        return
    if not careful:
        await deliver(tx, consumers=consumers, consumer=consumer, envelopes=free)
    elif not await _all_at_once(tx, consumers, consumer, free):
        await _one_by_one(tx, consumers, consumer, partition, free)


async def _all_at_once(tx: Tx, consumers: Consumers, consumer: str, envelopes: Sequence[Envelope]) -> bool:
    """Deliver events in one savepoint and return whether that succeeded; mostly only one of several consumers fails."""
    try:
        async with tx.savepoint():
            await deliver(tx, consumers=consumers, consumer=consumer, envelopes=envelopes)
            await tx.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except Exception as error:
        if failure_of(error) is Failure.LOST:
            raise
        return False
    await tx.execute("SET CONSTRAINTS ALL DEFERRED")
    return True


async def _one_by_one(
    tx: Tx, consumers: Consumers, consumer: str, partition: int, envelopes: Sequence[Envelope]
) -> None:
    poison = consumers.poison_of(consumer)
    failed: set[str] = set()
    for envelope in envelopes:
        error = None
        if envelope.key not in failed:
            error = await deliver_one(tx, consumers=consumers, consumer=consumer, envelope=envelope)
            if error is None:
                continue
        if poison is Poison.BLOCK_KEY:
            failed.add(envelope.key)
        await set_aside(tx, consumer=consumer, partition=partition, poison=poison, envelope=envelope, error=error)


async def _groups(tx: Tx, consumers: Consumers, partition: int) -> list[tuple[Place, list[str]]]:
    """Lock the cursors and return which consumers stand where, the furthest behind first.

    The lock is what keeps two relays apart that both believe to hold the partition: a session lock ends with its
    connection, which the holder may not have noticed. A consumer that a newer release registered with more events than
    this process knows is left to that release.
    """
    cursors = await tx.all(
        _Cursor,
        """
        SELECT name, drained_to, window_to, after_seq FROM platform.consumer
        WHERE partition = %s AND name = ANY(%s) AND types <@ %s ORDER BY name FOR UPDATE
        """,
        [partition, list(consumers.names), list(consumers.types)],
    )
    together: dict[Place, list[str]] = {}
    for cursor in cursors:
        together.setdefault(Place(cursor.drained_to, cursor.window_to, cursor.after_seq), []).append(cursor.name)
    return sorted(together.items(), key=lambda group: (group[0].drained_to, group[0].after_seq or 0))


async def _window(tx: Tx, partition: int, place: Place, horizon: int) -> Place | None:
    """Return the open window, or open the next one up to the horizon; None when there is nothing below it.

    A window without any event comes back without `after_seq`.
    """
    if place.window_to is not None:
        return place
    if horizon <= place.drained_to:
        return None
    first = await tx.value(
        """
        WITH unread AS MATERIALIZED (  -- kept apart: min() over an index on seq would wade through all that is settled
            SELECT seq FROM platform.outbox WHERE partition = %s AND xid >= %s AND xid < %s
        )
        SELECT min(seq) FROM unread
        """,
        [partition, place.drained_to, horizon],
    )
    return Place(horizon, None, None) if first is None else Place(place.drained_to, horizon, first - 1)


async def _read(tx: Tx, partition: int, window: Place, types: Sequence[str], limit: int) -> list[Envelope]:
    async with tx.connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        await cursor.execute(
            """
            SELECT seq, xid, event_id, type, version, key, data::text, correlation_id FROM platform.outbox
            WHERE partition = %s AND seq > %s
                AND xid + 0 >= %s AND xid + 0 < %s  -- an expression, so that pages are read by seq and never sorted
                AND type = ANY(%s)
            ORDER BY seq LIMIT %s
            """,
            [partition, window.after_seq, window.drained_to, window.window_to, types, limit],
        )
        return [Envelope._make(row) for row in await cursor.fetchall()]


def _after(window: Place, envelopes: Sequence[Envelope], limit: int) -> Place:
    if len(envelopes) == limit:
        return Place(window.drained_to, window.window_to, envelopes[-1].seq)
    assert window.window_to is not None  # noqa: S101 - a window with events has an end
    return Place(window.window_to, None, None)


async def _move(tx: Tx, partition: int, names: Sequence[str], to: Place) -> None:
    await tx.execute(
        """
        UPDATE platform.consumer SET drained_to = %s, window_to = %s, after_seq = %s
        WHERE partition = %s AND name = ANY(%s)
        """,
        [to.drained_to, to.window_to, to.after_seq, partition, list(names)],
    )
