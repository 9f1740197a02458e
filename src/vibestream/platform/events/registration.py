"""Consumers' rows: made when a worker starts, renumbered when the database has been moved to another cluster."""

from __future__ import annotations

import structlog

from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import PARTITIONS
from vibestream.platform.events.subscriptions import Consumers

_log = structlog.get_logger()


async def register(tx: Tx, *, consumers: Consumers) -> None:
    """Note which events each consumer hears, and give a new one its place: before the oldest event that is held.

    Rows that say so already are not touched, and so not waited for: another relay's pages lock them while they last.
    """
    for name in consumers.names:
        await tx.execute(
            """
            WITH wanted AS (SELECT partition FROM generate_series(0, %(last)s) AS partition
                EXCEPT SELECT partition FROM platform.consumer WHERE name = %(name)s AND types = %(types)s)
            INSERT INTO platform.consumer (name, partition, types, drained_to)
            SELECT %(name)s, partition, %(types)s, -9223372036854775808 FROM wanted ORDER BY partition
            ON CONFLICT (name, partition) DO UPDATE SET types = excluded.types
            WHERE consumer.types <> excluded.types
            """,
            {"name": name, "types": sorted(consumers.types_of(name)), "last": PARTITIONS - 1},
        )


async def renumber(tx: Tx) -> bool:
    """Make the stored transaction ids older than every new one when they come from another cluster; return whether.

    A dump restored elsewhere, or a logical copy, keeps the numbers of the old cluster while the new one counts from the
    start: events would wait until it catches up, or be passed over. Ids that this cluster has not reached yet prove such
    a move. What was stored up to then is shifted below zero, keeping its order; its transactions are long over.

    Only then is anything locked. A page holds its rows from its beginning and writes them at its end: a lock on the table
    in between would be one half of a deadlock, so it is one that waits for pages that have begun.
    """
    if await _foreign(tx) is None:
        return False
    await tx.execute("LOCK TABLE platform.consumer IN EXCLUSIVE MODE")
    foreign = await _foreign(tx)
    if foreign is None:
        return False  # another relay was faster
    await _shift(tx, foreign + 1)
    return True


async def _foreign(tx: Tx) -> int | None:
    """Return the newest stored transaction id, None when there is none that this cluster has not reached."""
    found: int | None = await tx.value(
        """
        WITH reached AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xid)
        SELECT greatest(
            (SELECT max(xid) FROM platform.outbox), (SELECT max(greatest(drained_to, window_to)) FROM platform.consumer)
        ) FROM reached
        WHERE EXISTS (SELECT FROM platform.outbox WHERE outbox.xid >= reached.xid)
            OR EXISTS (SELECT FROM platform.consumer WHERE greatest(drained_to, window_to) > reached.xid)
        """
    )
    return found


async def _shift(tx: Tx, shift: int) -> None:
    moved = await tx.execute(
        """
        UPDATE platform.outbox SET xid = xid - %(shift)s
        WHERE seq <= (
            SELECT max(seq) FROM platform.outbox WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        )
        """,
        {"shift": shift},
    )
    await tx.execute("UPDATE platform.inbox SET xid = xid - %s", [shift])
    await tx.execute("UPDATE platform.undelivered SET xid = xid - %s", [shift])
    await tx.execute(
        """
        UPDATE platform.consumer SET drained_to = drained_to - %(shift)s, window_to = window_to - %(shift)s
        WHERE drained_to > -9223372036854775808
        """,
        {"shift": shift},
    )
    _log.warning("events.renumbered", events=moved, shift=shift)
