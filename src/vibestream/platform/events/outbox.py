"""Announcing events: rows in the outbox, written in the transaction that made them true."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vibestream.kernel.events import Event
from vibestream.platform.database import Tx
from vibestream.platform.events import bell
from vibestream.platform.events.codec import encode

PARTITIONS: Final = 8
"""Into how many parts the keys are divided: how many relays can work at once. Changed only on a drained outbox."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something happens: the first cause's id, handed on unchanged, and the id of what led to it directly."""

    correlation_id: UUID | None = None
    causation_id: UUID | None = None


_cause: ContextVar[Cause | None] = ContextVar("event_cause", default=None)


@contextlib.contextmanager
def caused_by(*, correlation_id: UUID | None, causation_id: UUID | None) -> Iterator[None]:
    """Mark every event that is published inside the block with what led to it."""
    token = _cause.set(Cause(correlation_id, causation_id))
    try:
        yield
    finally:
        _cause.reset(token)


def partition_of(key: str) -> int:
    """Return the partition of a key: stable across processes, versions and machines."""
    return zlib.crc32(key.encode()) % PARTITIONS


async def publish(tx: Tx, *events: Event) -> None:
    """Announce events when, and only if, the transaction commits.

    Two transactions that publish for the same key must exclude each other (lock what the key names first); then
    consumers receive the key's events in the order of these calls.

    Raises:
        psycopg.errors.UniqueViolation: the same event object was published before.
    """
    cause = _cause.get() or Cause()
    columns = [
        [event.event_id for event in events],
        [_source(event) for event in events],
        [event.type for event in events],
        [event.version for event in events],
        [event.key for event in events],
        [partition_of(event.key) for event in events],
        [event.occurred_at for event in events],
        [encode(event) for event in events],
    ]
    await tx.execute(
        """
        INSERT INTO platform.outbox
            (event_id, source, type, version, key, partition, occurred_at, data, correlation_id, causation_id)
        SELECT event.id, event.source, event.type, event.version, event.key, event.partition, event.occurred_at,
            event.data::json, coalesce(%s, event.id), %s
        FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::smallint[], %s::text[], %s::smallint[],
            %s::timestamptz[], %s::text[])
            WITH ORDINALITY AS event (id, source, type, version, key, partition, occurred_at, data, position)
        ORDER BY event.position
        """,
        [cause.correlation_id, cause.causation_id, *columns],
    )
    tx.after_commit(bell.ring)


def _source(event: Event) -> str:
    """Return the CloudEvents source: the type without its last part, as a path."""
    return "/" + "/".join(event.type.split(".")[:-1])
