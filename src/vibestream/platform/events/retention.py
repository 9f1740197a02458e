"""Forgetting: events that every consumer has settled and that are old enough, then their inbox rows.

Inbox rows outlive their events: an event that could come again must find the row that absorbs it. Deletes come in
chunks, each a transaction of its own, so that none holds the horizon or a lock for long.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from vibestream.platform.database import Database, Tx

_Prune = Callable[[Tx, timedelta], Awaitable[int]]
_CHUNK = 5_000
INBOX_OUTLIVES = timedelta(days=1)
"""How much longer an inbox row is kept than its event."""


async def prune(database: Database, *, keep: timedelta) -> int:
    """Delete events that were recorded longer ago than `keep` and that nobody waits for, and return how many.

    An event stays while a consumer has not reached it, or while it waits to be tried again.
    """
    deleted = await _in_chunks(database, _prune_outbox, keep)
    await _in_chunks(database, _prune_inbox, keep + INBOX_OUTLIVES)
    await _in_chunks(database, _prune_discarded, keep)
    return deleted


async def _in_chunks(database: Database, prune_chunk: _Prune, keep: timedelta) -> int:
    total = 0
    while True:
        async with database.begin() as tx:
            count = await prune_chunk(tx, keep)
        total += count
        if count < _CHUNK:
            return total


async def _prune_outbox(tx: Tx, keep: timedelta) -> int:
    return await tx.execute(
        """
        DELETE FROM platform.outbox WHERE (partition, seq) IN (
            SELECT partition, seq FROM platform.outbox
            WHERE recorded_at < now() - %s AND xid < coalesce(
                (SELECT min(drained_to) FROM platform.consumer WHERE consumer.partition = outbox.partition),
                pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            )
            LIMIT %s
        )
        """,
        [keep, _CHUNK],
    )


async def _prune_inbox(tx: Tx, keep: timedelta) -> int:
    return await tx.execute(
        """
        DELETE FROM platform.inbox WHERE (consumer, event_id) IN (
            SELECT consumer, event_id FROM platform.inbox
            WHERE delivered_at < now() - %s
                AND NOT EXISTS (SELECT FROM platform.outbox WHERE outbox.event_id = inbox.event_id)
            LIMIT %s
        )
        """,
        [keep, _CHUNK],
    )


async def _prune_discarded(tx: Tx, keep: timedelta) -> int:
    return await tx.execute(
        """
        DELETE FROM platform.undelivered WHERE id IN (
            SELECT id FROM platform.undelivered WHERE state = 'discarded' AND settled_at < now() - %s LIMIT %s
        )
        """,
        [keep, _CHUNK],
    )
