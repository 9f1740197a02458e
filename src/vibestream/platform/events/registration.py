"""Consumers' rows: made when a worker starts, renumbered when the database has been moved to another cluster."""

from __future__ import annotations

import structlog

from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import PARTITIONS
from vibestream.platform.events.subscriptions import Consumers

_log = structlog.get_logger()


async def register(tx: Tx, *, consumers: Consumers) -> None:
    """Note which events each consumer hears, and give a new one its place: before the oldest event that is held."""
    for name in consumers.names:
        await tx.execute(
            """
            INSERT INTO platform.consumer (name, partition, types, drained_to)
            SELECT %s, partition, %s, -9223372036854775808 FROM generate_series(0, %s) AS partition
            ON CONFLICT (name, partition) DO UPDATE SET types = excluded.types
            WHERE consumer.types <> excluded.types
            """,
            [name, sorted(consumers.types_of(name)), PARTITIONS - 1],
        )


async def renumber(tx: Tx) -> bool:
    """Make the stored transaction ids older than every new one when they come from another cluster; return whether.

    A dump restored elsewhere, or a logical copy, keeps the numbers of the old cluster while the new one counts from the
    start: events would wait until it catches up, or be passed over. Ids that this cluster has not reached yet prove such
    a move. What was stored up to then is shifted below zero, keeping its order; its transactions are long over.
    """
    await tx.execute("LOCK TABLE platform.consumer IN SHARE ROW EXCLUSIVE MODE")
    foreign = await tx.value(
        """
        WITH reached AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xid)
        SELECT greatest(
            (SELECT max(xid) FROM platform.outbox), (SELECT max(greatest(drained_to, window_to)) FROM platform.consumer)
        ) FROM reached
        WHERE EXISTS (SELECT FROM platform.outbox WHERE outbox.xid >= reached.xid)
            OR EXISTS (SELECT FROM platform.consumer WHERE greatest(drained_to, window_to) > reached.xid)
        """
    )
    if foreign is None:
        return False
    moved = await tx.execute(
        """
        UPDATE platform.outbox SET xid = xid - %(shift)s
        WHERE seq <= (
            SELECT max(seq) FROM platform.outbox WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        )
        """,
        {"shift": foreign + 1},
    )
    await tx.execute("UPDATE platform.inbox SET xid = xid - %s", [foreign + 1])
    await tx.execute("UPDATE platform.undelivered SET xid = xid - %s", [foreign + 1])
    await tx.execute(
        """
        UPDATE platform.consumer SET drained_to = drained_to - %(shift)s, window_to = window_to - %(shift)s
        WHERE drained_to > -9223372036854775808
        """,
        {"shift": foreign + 1},
    )
    _log.warning("events.renumbered", events=moved, shift=foreign + 1)
    return True
