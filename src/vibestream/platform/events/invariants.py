"""Invariant 8: every outbox event older than its deadline was delivered or is a dead letter; per key, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

DEADLINE_S: Final = 60
"""Seconds after which an event must have been delivered or set aside; a healthy bus takes milliseconds."""


@dataclass(frozen=True, slots=True)
class _Missed:
    consumer: str
    type: str
    event_id: UUID
    age_s: float


@dataclass(frozen=True, slots=True)
class _Overtaken:
    consumer: str
    key: str
    seq: int


async def _delivered(tx: Tx) -> Finding:
    due = await tx.value(
        """
        SELECT count(*) FROM platform.consumer JOIN platform.outbox USING (partition)
        WHERE outbox.type = ANY(consumer.types) AND recorded_at < now() - make_interval(secs => %s)
        """,
        [DEADLINE_S],
    )
    missed = await tx.all(
        _Missed,
        """
        SELECT consumer.name AS consumer, outbox.type, outbox.event_id,
            extract(epoch FROM now() - recorded_at)::float AS age_s
        FROM platform.consumer JOIN platform.outbox USING (partition)
        WHERE outbox.type = ANY(consumer.types) AND recorded_at < now() - make_interval(secs => %s)
            AND NOT EXISTS (
                SELECT FROM platform.inbox WHERE inbox.consumer = consumer.name AND inbox.event_id = outbox.event_id
            )
            AND NOT EXISTS (
                SELECT FROM platform.undelivered
                WHERE undelivered.consumer = consumer.name AND undelivered.event_id = outbox.event_id
            )
        ORDER BY recorded_at LIMIT 5
        """,
        [DEADLINE_S],
    )
    # Set aside is no excuse for ever: a try that is overdue, or a wait behind nothing, is a miss as well.
    missed += await tx.all(
        _Missed,
        """
        SELECT consumer, type, event_id, extract(epoch FROM now() - recorded_at)::float AS age_s
        FROM platform.undelivered AS waiting
        WHERE state = 'retrying' AND CASE WHEN next_try_at < 'infinity'
            THEN next_try_at < now() - make_interval(secs => %s)
            ELSE NOT EXISTS (
                SELECT FROM platform.undelivered AS first
                WHERE first.partition = waiting.partition AND first.consumer = waiting.consumer
                    AND first.key = waiting.key AND first.state = 'retrying' AND first.blocks
                    AND first.next_try_at < 'infinity' AND first.seq < waiting.seq
            ) END
        ORDER BY recorded_at LIMIT 5
        """,
        [DEADLINE_S],
    )
    dead = await tx.value("SELECT count(*) FROM platform.undelivered WHERE state = 'dead'")
    return Finding(
        ok=not missed,
        figure=f"{due:,} deliveries due, {'none' if not missed else 'some'} missed, {dead:,} dead letters",
        detail="; ".join(f"{one.consumer} misses {one.type} {one.event_id}, {one.age_s:.0f} s old" for one in missed),
    )


async def _in_order(tx: Tx) -> Finding:
    # Out of order is an event that came after one which is later by number and by transaction. Either alone proves
    # nothing: see the module `page` for how the two can differ between senders that excluded each other.
    overtaken = await tx.all(
        _Overtaken,
        """
        WITH taken AS (
            SELECT consumer, key, seq, xid, position,
                max(seq) OVER (PARTITION BY consumer, key ORDER BY position) AS latest_seq
            FROM platform.inbox WHERE NOT replayed
        )
        SELECT late.consumer, late.key, late.seq FROM taken AS late
        WHERE late.seq < late.latest_seq AND EXISTS (
            SELECT FROM platform.inbox AS early
            WHERE early.consumer = late.consumer AND early.key = late.key AND NOT early.replayed
                AND early.position < late.position AND early.seq > late.seq AND early.xid > late.xid
        )
        LIMIT 5
        """,
    )
    taken = await tx.value("SELECT count(*) FROM platform.inbox")
    return Finding(
        ok=not overtaken,
        figure=f"{taken:,} deliveries, {'none' if not overtaken else 'some'} out of order",
        detail="; ".join(f"{one.consumer} took event {one.seq} of {one.key} too late" for one in overtaken),
    )


INVARIANTS: Final = (
    Invariant(
        name="events.delivered",
        statement=f"Every event older than {DEADLINE_S} s was delivered to each consumer, waits to be tried again, or is a "
        "dead letter.",
        check=_delivered,
    ),
    Invariant(
        name="events.in_order",
        statement="Each consumer took each key's events in the order in which they were published.",
        check=_in_order,
    ),
)
