"""Events that a consumer could not take: set aside, tried again with growing pauses, dead letters in the end.

An event that blocks its key makes the key's later events wait behind it here, in order. The first of a key carries the
time of its next try; those behind it carry `infinity`, and whoever settles the first one wakes the next in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter

from vibestream.platform.database import Tx
from vibestream.platform.events.delivery import deliver_one
from vibestream.platform.events.envelopes import Envelope
from vibestream.platform.events.subscriptions import Consumers, Poison
from vibestream.platform.failures import Failure, backoff_s, failure_of
from vibestream.platform.quoted import said_by

TRIES: Final = 5
"""Tries before an event whose handler refuses it is a dead letter: about 15 seconds."""
TRIES_WHILE_PASSING: Final = 100
"""Tries before that when what it needs is not there: about an hour and a half."""
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
AT_ONCE: Final = 100
"""Most events of a key that are tried in one transaction."""
_ERROR_LENGTH: Final = 2000

DEAD_LETTERS: Final = Counter("vibestream_dead_letters", "Events given up.", ["consumer", "type"])

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Due:
    """A key (or, when it does not block, a single event) whose turn to be tried has come."""

    consumer: str
    key: str
    seq: int
    blocks: bool


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: int
    consumer: str
    envelope: Envelope
    tries: int
    replayed: bool


async def blocked_keys(tx: Tx, *, partition: int, consumers: Sequence[str]) -> set[tuple[str, str]]:
    """Return (consumer, key) of every key that has events waiting in order."""
    cursor = await tx.connection.execute(
        """
        SELECT DISTINCT consumer, key FROM platform.undelivered
        WHERE partition = %s AND consumer = ANY(%s) AND state = 'retrying' AND blocks
        """,
        [partition, list(consumers)],
    )
    return {(consumer, key) for consumer, key in await cursor.fetchall()}


async def set_aside(
    tx: Tx, *, consumer: str, partition: int, poison: Poison, envelope: Envelope, error: Exception | None
) -> None:
    """Keep an event for later: one that failed (with its error), or one that waits behind an earlier one of its key."""
    pause_s = float("inf") if error is None else _FIRST_PAUSE_S
    await tx.execute(
        """
        INSERT INTO platform.undelivered
            (consumer, partition, seq, xid, event_id, type, version, key, data, correlation_id,
            state, blocks, tries, next_try_at, error)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::json, %s, 'retrying', %s, %s,
            CASE WHEN %s THEN 'infinity' ELSE clock_timestamp() + make_interval(secs => %s) END, %s)
        ON CONFLICT (consumer, event_id) DO NOTHING
        """,
        [
            *(consumer, partition, envelope.seq, envelope.xid, envelope.event_id, envelope.type, envelope.version),
            *(envelope.key, envelope.data, envelope.correlation_id, poison is Poison.BLOCK_KEY),
            *(0 if error is None else 1, error is None, 0 if error is None else pause_s, _text(error)),
        ],
    )


async def due(tx: Tx, *, partition: int, consumers: Sequence[str]) -> list[Due]:
    """Return what is to be tried now, the longest overdue first."""
    return await tx.all(
        Due,
        """
        SELECT consumer, key, seq, blocks FROM platform.undelivered
        WHERE partition = %s AND consumer = ANY(%s) AND state = 'retrying' AND next_try_at <= clock_timestamp()
        ORDER BY next_try_at LIMIT 100
        """,
        [partition, list(consumers)],
    )


async def try_again(tx: Tx, *, consumers: Consumers, partition: int, what: Due, most: int = AT_ONCE) -> bool:
    """Try a key's waiting events in order, at most so many, until one fails again, or one event that does not block.

    Returns:
        Whether more of the same key is due at once.

    Raises:
        Exception: the transaction is lost.
    """
    await _keep_pages_out(tx, partition, what)
    for item in await _waiting(tx, partition, what, most=most):
        error = await deliver_one(
            tx, consumers=consumers, consumer=what.consumer, envelope=item.envelope, replayed=item.replayed
        )
        if error is None:
            await tx.execute("DELETE FROM platform.undelivered WHERE id = %s", [item.id])
        elif await _failed_again(tx, item, error):
            return False
    return what.blocks and await _wake_next(tx, partition, what)


async def postpone(tx: Tx, *, partition: int, what: Due, error: Exception) -> None:
    """Count a try of the first of a key's waiting events that lost its transaction, which kept nothing of it.

    It counts as a failure that passes: tried as often as one, it is a dead letter.
    """
    await _keep_pages_out(tx, partition, what)
    for item in await _waiting(tx, partition, what, most=1):
        if not await _failed_again(tx, item, error) and what.blocks:
            await _wake_next(tx, partition, what)


async def _keep_pages_out(tx: Tx, partition: int, what: Due) -> None:
    """Keep pages of this partition out, so that none sets an event aside behind the one that is settled here."""
    await tx.execute(
        "SELECT FROM platform.consumer WHERE partition = %s AND name = %s FOR UPDATE", [partition, what.consumer]
    )


async def _waiting(tx: Tx, partition: int, what: Due, *, most: int) -> list[_Waiting]:
    cursor = await tx.connection.execute(
        """
        SELECT id, tries, replayed, seq, xid, event_id, type, version, key, data::text, correlation_id
        FROM platform.undelivered
        WHERE partition = %s AND consumer = %s AND key = %s AND state = 'retrying'
            AND CASE WHEN %s THEN blocks ELSE seq = %s AND NOT blocks END
        ORDER BY seq LIMIT %s
        """,
        [partition, what.consumer, what.key, what.blocks, what.seq, most],
    )
    return [
        _Waiting(row[0], what.consumer, Envelope(*row[3:]), tries=row[1], replayed=row[2])
        for row in await cursor.fetchall()
    ]


async def _failed_again(tx: Tx, item: _Waiting, error: Exception) -> bool:
    """Note the failure and return whether it is to be tried again (False: it is a dead letter now)."""
    tries = item.tries + 1
    allowed = TRIES if failure_of(error) is Failure.LASTING else TRIES_WHILE_PASSING
    if tries < allowed:
        pause_s = backoff_s(tries, first_s=_FIRST_PAUSE_S, most_s=_LONGEST_PAUSE_S)
        await tx.execute(
            """
            UPDATE platform.undelivered
            SET tries = %s, error = %s, next_try_at = clock_timestamp() + make_interval(secs => %s) WHERE id = %s
            """,
            [tries, _text(error), pause_s, item.id],
        )
        return True
    await tx.execute(
        "UPDATE platform.undelivered SET tries = %s, error = %s, state = 'dead', settled_at = clock_timestamp() WHERE id = %s",
        [tries, _text(error), item.id],
    )
    envelope = item.envelope
    tx.after_commit(lambda: _announce_death(item.consumer, envelope, error))
    return False


async def _wake_next(tx: Tx, partition: int, what: Due) -> bool:
    return bool(
        await tx.execute(
            """
            UPDATE platform.undelivered SET next_try_at = clock_timestamp() WHERE id = (
                SELECT id FROM platform.undelivered
                WHERE partition = %s AND consumer = %s AND key = %s AND state = 'retrying' AND blocks
                ORDER BY seq LIMIT 1
            )
            """,
            [partition, what.consumer, what.key],
        )
    )


def _announce_death(consumer: str, envelope: Envelope, error: Exception) -> None:
    DEAD_LETTERS.labels(consumer, envelope.type).inc()
    _log.error(
        "events.dead_letter",
        consumer=consumer,
        type=envelope.type,
        event_id=str(envelope.event_id),
        key=envelope.key,
        error=repr(error),
    )


def _text(error: Exception | None) -> str:
    return "" if error is None else said_by(error, most=_ERROR_LENGTH)
