"""Handing events to one consumer: inbox rows and effects, in the transaction of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter

from vibestream.kernel.errors import Unavailable
from vibestream.platform.database import Tx
from vibestream.platform.events.codec import decode
from vibestream.platform.events.envelopes import Batch, Envelope, arrange
from vibestream.platform.events.outbox import caused_by
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.failures import Failure, failure_of

DELIVERED: Final = Counter("vibestream_events_delivered", "Events whose effect a consumer took.", ["consumer"])
DUPLICATES: Final = Counter("vibestream_inbox_duplicates", "Events that a consumer had taken already.", ["consumer"])

_log = structlog.get_logger()


class UnheardVersion(Unavailable):
    """An event in a version that its consumer does not subscribe to in this release; a newer one, which sent it, may do so."""

    code = "events.unheard_version"

    def __init__(self, *, consumer: str, event_type: str, version: int) -> None:
        super().__init__(f"{consumer} does not subscribe to {event_type} version {version}")
        self.consumer = consumer


async def deliver(
    tx: Tx, *, consumers: Consumers, consumer: str, envelopes: Sequence[Envelope], replayed: bool = False
) -> None:
    """Take the effect of events, in order, leaving out those that the consumer has taken before.

    Raises:
        Exception: whatever a handler raised, UnheardVersion or UnreadableEvent; the transaction must not be committed then.
    """
    fresh = await _take(tx, consumer=consumer, envelopes=envelopes, replayed=replayed)
    heard = []
    for envelope in envelopes:
        if envelope.event_id in fresh:
            subscription = consumers.subscription(consumer, envelope.type, envelope.version)
            if subscription is None:
                raise UnheardVersion(consumer=consumer, event_type=envelope.type, version=envelope.version)
            heard.append((subscription, envelope, decode(subscription.event, envelope.data)))
    for batch in arrange(heard):
        await _handle(tx, batch)
    tx.after_commit(lambda: DELIVERED.labels(consumer).inc(len(fresh)))
    if len(fresh) < len(envelopes):
        tx.after_commit(lambda: DUPLICATES.labels(consumer).inc(len(envelopes) - len(fresh)))


async def deliver_one(
    tx: Tx, *, consumers: Consumers, consumer: str, envelope: Envelope, replayed: bool = False
) -> Exception | None:
    """Take the effect of one event, or undo whatever its handler did and return what it raised.

    Deferred constraints are checked here, so that the event that breaks one is known and the commit does not fail.

    Raises:
        Exception: the transaction itself is lost.
    """
    try:
        async with tx.savepoint():
            await deliver(tx, consumers=consumers, consumer=consumer, envelopes=[envelope], replayed=replayed)
            await tx.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except Exception as error:
        if failure_of(error) is Failure.LOST:
            raise
        _log.warning(
            "events.refused", consumer=consumer, type=envelope.type, event_id=str(envelope.event_id), error=repr(error)
        )
        return error
    await tx.execute("SET CONSTRAINTS ALL DEFERRED")
    return None


async def _take(tx: Tx, *, consumer: str, envelopes: Sequence[Envelope], replayed: bool) -> set[UUID]:
    """Write the inbox rows and return the ids of the events that had none."""
    cursor = await tx.connection.execute(
        """
        INSERT INTO platform.inbox (consumer, event_id, seq, xid, key, replayed)
        SELECT %s, event.id, event.seq, event.xid, event.key, %s
        FROM unnest(%b::uuid[], %b::bigint[], %b::bigint[], %b::text[])
            WITH ORDINALITY AS event (id, seq, xid, key, position)
        ORDER BY event.position
        ON CONFLICT (consumer, event_id) DO NOTHING
        RETURNING event_id
        """,
        [
            consumer,
            replayed,
            [envelope.event_id for envelope in envelopes],
            [envelope.seq for envelope in envelopes],
            [envelope.xid for envelope in envelopes],
            [envelope.key for envelope in envelopes],
        ],
        binary=True,
    )
    return {row[0] for row in await cursor.fetchall()}


async def _handle(tx: Tx, batch: Batch) -> None:
    handle, handle_batch = batch.subscription.handle, batch.subscription.handle_batch
    if handle_batch is not None:
        # What a handler announces for a whole batch has no single cause: each such event begins a correlation of its own.
        await handle_batch(tx, batch.events)
        return
    assert handle is not None  # noqa: S101 - a subscription has one of the two
    for envelope, event in zip(batch.envelopes, batch.events, strict=True):
        with caused_by(correlation_id=envelope.correlation_id, causation_id=envelope.event_id):
            await handle(tx, event)
