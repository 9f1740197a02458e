"""Forgetting: events that every consumer has settled and that are old enough, then their inbox rows.

Inbox rows outlive their events: an event that could come again must find the row that absorbs it. Deletes come in
chunks, each a transaction of its own, so that none holds the horizon or a lock for long.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from vibestream.platform.database import Tx

INBOX_OUTLIVES = timedelta(days=1)
"""How much longer an inbox row is kept than its event."""


async def prune_outbox(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete events that were recorded before an instant and that nobody waits for, at most so many; return how many.

    An event stays while a consumer has not reached it, or while it waits to be tried again.
    """
    return await tx.execute(
        """
        DELETE FROM platform.outbox WHERE (partition, seq) IN (
            SELECT partition, seq FROM platform.outbox
            WHERE recorded_at < %s AND xid < coalesce(
                (SELECT min(drained_to) FROM platform.consumer WHERE consumer.partition = outbox.partition),
                pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            )
            LIMIT %s
        )
        """,
        [before, most],
    )


async def prune_inbox(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete notes of deliveries before an instant whose event is gone, at most so many; return how many."""
    return await tx.execute(
        """
        DELETE FROM platform.inbox WHERE (consumer, event_id) IN (
            SELECT consumer, event_id FROM platform.inbox
            WHERE delivered_at < %s
                AND NOT EXISTS (SELECT FROM platform.outbox WHERE outbox.event_id = inbox.event_id)
            LIMIT %s
        )
        """,
        [before, most],
    )


async def prune_discarded(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete events that were given up before an instant, at most so many; return how many."""
    return await tx.execute(
        """
        DELETE FROM platform.undelivered WHERE id IN (
            SELECT id FROM platform.undelivered WHERE state = 'discarded' AND settled_at < %s LIMIT %s
        )
        """,
        [before, most],
    )
