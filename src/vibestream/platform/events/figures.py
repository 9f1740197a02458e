"""How the bus stands: what operators look at and alerts are made of, read from the tables by any process."""

from __future__ import annotations

from dataclasses import dataclass

from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import PARTITIONS
from vibestream.platform.events.relay import LOCK_SPACE


@dataclass(frozen=True, slots=True)
class ConsumerFigures:
    """How one consumer stands."""

    name: str
    waiting: int
    """Events that it has yet to reach; counted up to 10,000."""
    oldest_waiting_s: float
    """Age of the oldest of them; 0 when there is none."""
    retrying: int
    """Events set aside, those included that wait behind another of their key."""
    dead_letters: int


@dataclass(frozen=True, slots=True)
class BusFigures:
    """How the bus stands."""

    consumers: tuple[ConsumerFigures, ...]
    horizon_stall_s: float
    """Age of the oldest committed event that an open transaction elsewhere holds back; 0 when there is none. A long
    transaction anywhere on the server holds back every event that is newer than its first write.
    """
    partitions_held: int
    """Parts of the outbox that some relay serves; less than `outbox.PARTITIONS` for long means that no worker runs."""


async def bus_figures(tx: Tx) -> BusFigures:
    """Return how the bus stands now."""
    consumers = await tx.all(
        ConsumerFigures,
        """
        SELECT name, coalesce(sum(unread.count), 0)::int AS waiting,
            coalesce(extract(epoch FROM clock_timestamp() - min(unread.oldest)), 0)::float AS oldest_waiting_s,
            (SELECT count(*) FROM platform.undelivered WHERE consumer = name AND state = 'retrying')::int AS retrying,
            (SELECT count(*) FROM platform.undelivered WHERE consumer = name AND state = 'dead')::int AS dead_letters
        FROM platform.consumer CROSS JOIN LATERAL (
            SELECT count(*) AS count, min(recorded_at) AS oldest FROM (
                SELECT recorded_at FROM platform.outbox
                WHERE outbox.partition = consumer.partition AND outbox.xid >= consumer.drained_to
                    AND outbox.type = ANY(consumer.types)
                    AND NOT (outbox.xid < coalesce(consumer.window_to, 0) AND outbox.seq <= coalesce(consumer.after_seq, 0))
                LIMIT 10000
            ) AS unread_events
        ) AS unread
        GROUP BY name ORDER BY name
        """,
    )
    stalled_s = await tx.value(
        """
        SELECT coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float
        FROM generate_series(0, (SELECT max(partition) FROM platform.consumer)) AS part
        CROSS JOIN LATERAL (
            SELECT min(recorded_at) AS recorded_at FROM platform.outbox
            WHERE partition = part AND xid >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        ) AS above
        """
    )
    held = await tx.value(
        """
        SELECT count(*)::int FROM pg_locks
        WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND classid = %s::bigint::oid AND objid < %s AND granted
        """,
        [LOCK_SPACE, PARTITIONS],
    )
    return BusFigures(tuple(consumers), stalled_s, held)
