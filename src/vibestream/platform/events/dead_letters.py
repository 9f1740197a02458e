"""Dead letters: events that were given up for one consumer. Listed, replayed once the cause is mended, or discarded.

A replayed event is tried again by the relay, with its tries counted anew. Its key's later events have passed meanwhile
and are not held up again: it arrives late, and its inbox row says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from vibestream.kernel.errors import InvalidInput
from vibestream.platform.database import Tx
from vibestream.platform.events import bell


class NothingChosen(InvalidInput):
    """Neither ids nor a consumer nor a key were given: all dead letters at once must be asked for by consumer."""

    code: ClassVar[str] = "dead_letters.nothing_chosen"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that one consumer gave up."""

    id: int
    consumer: str
    event_id: UUID
    type: str
    version: int
    key: str
    data: str
    """The event as JSON."""
    tries: int
    error: str
    """The last try's error: its class and message."""
    recorded_at: datetime
    """When it was first set aside."""
    settled_at: datetime
    """When it was given up."""


async def list_dead_letters(tx: Tx, *, consumer: str | None = None, limit: int = 100) -> list[DeadLetter]:
    """Return dead letters, the newest first."""
    return await tx.all(
        DeadLetter,
        """
        SELECT id, consumer, event_id, type, version, key, data::text AS data, tries, error, recorded_at, settled_at
        FROM platform.undelivered
        WHERE state = 'dead' AND (%(consumer)s::text IS NULL OR consumer = %(consumer)s)
        ORDER BY settled_at DESC, id DESC LIMIT %(limit)s
        """,
        {"consumer": consumer, "limit": limit},
    )


async def replay(
    tx: Tx, *, ids: Sequence[int] | None = None, consumer: str | None = None, key: str | None = None
) -> int:
    """Have dead letters tried again as soon as the transaction commits, and return how many.

    Those that match all that is given are chosen. They are tried in the order of their numbers in the outbox.

    Raises:
        NothingChosen: nothing is given.
    """
    _require_choice(ids, consumer, key)
    count = await tx.execute(
        """
        UPDATE platform.undelivered
        SET state = 'retrying', settled_at = NULL, blocks = false, replayed = true, tries = 0,
            next_try_at = clock_timestamp()
        WHERE state = 'dead' AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
            AND (%(consumer)s::text IS NULL OR consumer = %(consumer)s) AND (%(key)s::text IS NULL OR key = %(key)s)
        """,
        {"ids": None if ids is None else list(ids), "consumer": consumer, "key": key},
    )
    tx.after_commit(bell.ring)
    return count


async def discard(
    tx: Tx, *, ids: Sequence[int] | None = None, consumer: str | None = None, key: str | None = None
) -> int:
    """Give dead letters up for good: they are kept but no longer counted. Return how many.

    Raises:
        NothingChosen: nothing is given.
    """
    _require_choice(ids, consumer, key)
    return await tx.execute(
        """
        UPDATE platform.undelivered SET state = 'discarded', settled_at = clock_timestamp()
        WHERE state = 'dead' AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
            AND (%(consumer)s::text IS NULL OR consumer = %(consumer)s) AND (%(key)s::text IS NULL OR key = %(key)s)
        """,
        {"ids": None if ids is None else list(ids), "consumer": consumer, "key": key},
    )


def _require_choice(ids: Sequence[int] | None, consumer: str | None, key: str | None) -> None:
    if ids is None and consumer is None and key is None:
        raise NothingChosen("Choose dead letters by number, by consumer or by key.")
