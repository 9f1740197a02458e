"""The table of requests to be verified. Who speaks for the artist is part of every statement that writes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.verification.domain import Ground, State, Verification, Waiting
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx

_WHOLE: Final = (
    "SELECT verification_id, artist_id, asked_by, evidence, links, asked_at, state, decided_at, decided_by, ground, reason"
    " FROM users.verification"
)


async def lock_artist(tx: Tx, *, artist_id: ArtistId, user_id: UserId) -> bool | None:
    """Lock one's own artist and say whether it is verified; None when it is another's, or there is none."""
    found: bool | None = await tx.value(
        "SELECT verified_at IS NOT NULL FROM users.artist_profile WHERE artist_id = %s AND user_id = %s"
        " FOR NO KEY UPDATE",
        [artist_id, user_id],
    )
    return found


async def add(tx: Tx, *, asked: Verification) -> None:
    """Insert a request; the lock on its artist keeps a second from waiting beside it, and an index holds that."""
    await tx.execute(
        "INSERT INTO users.verification (verification_id, artist_id, asked_by, evidence, links, asked_at, state)"
        " VALUES (%s, %s, %s, %s, %s, %s, 'waiting')",
        [
            *(asked.verification_id, asked.artist_id, asked.asked_by, asked.evidence),
            *(json.dumps(list(asked.links)), asked.asked_at),
        ],
    )


async def list_asked_since(tx: Tx, *, artist_id: ArtistId, since: datetime) -> list[datetime]:
    """Return when an artist asked since an instant, in order."""
    return await tx.values(
        "SELECT asked_at FROM users.verification WHERE artist_id = %s AND asked_at > %s ORDER BY asked_at",
        [artist_id, since],
    )


async def newest_of(tx: Tx, *, artist_id: ArtistId) -> Verification | None:
    """Return what an artist asked last."""
    return await tx.one(
        _verification,
        _WHOLE + " WHERE artist_id = %s ORDER BY asked_at DESC, verification_id DESC LIMIT 1",
        [artist_id],
    )


async def load(tx: Tx, *, verification_id: UUID) -> Verification | None:
    """Return a request."""
    return await tx.one(_verification, _WHOLE + " WHERE verification_id = %s", [verification_id])


async def withdraw(tx: Tx, *, artist_id: ArtistId, user_id: UserId, now: datetime) -> bool:
    """Withdraw what waits of one's own artist, and say whether something did."""
    touched = await tx.execute(
        "UPDATE users.verification SET state = 'withdrawn', decided_at = %s WHERE artist_id = %s AND state = 'waiting'"
        " AND EXISTS (SELECT FROM users.artist_profile a WHERE a.artist_id = verification.artist_id AND a.user_id = %s)",
        [now, artist_id, user_id],
    )
    return touched == 1


async def decide(
    tx: Tx, *, verification_id: UUID, verdict: State, by: UserId, ground: Ground, reason: str, now: datetime
) -> bool:
    """Decide what waits and is not the decider's own, and say whether it was decided by this."""
    touched = await tx.execute(
        "UPDATE users.verification SET state = %(verdict)s, decided_at = %(now)s, decided_by = %(by)s, ground = %(ground)s,"
        " reason = %(reason)s WHERE verification_id = %(id)s AND state = 'waiting' AND asked_by <> %(by)s"
        " AND NOT EXISTS (SELECT FROM users.artist_profile a WHERE a.artist_id = verification.artist_id AND a.user_id = %(by)s)",
        {
            "verdict": verdict.value,
            "now": now,
            "by": by,
            "ground": ground.value,
            "reason": reason,
            "id": verification_id,
        },
    )
    return touched == 1


async def mark_verified(tx: Tx, *, artist_id: ArtistId, now: datetime) -> None:
    """Say on the artist that it is verified."""
    await tx.execute("UPDATE users.artist_profile SET verified_at = %s WHERE artist_id = %s", [now, artist_id])


async def list_waiting(tx: Tx, *, limit: int, after: tuple[datetime, UUID] | None = None) -> list[Waiting]:
    """Return what waits, the oldest first."""
    asked_at, verification_id = after or (None, None)
    return await tx.all(
        Waiting,
        "SELECT verification_id, name, handle, asked_at FROM users.verification JOIN users.artist_profile USING (artist_id)"
        " WHERE state = 'waiting' AND (%(asked_at)s::timestamptz IS NULL"
        " OR (asked_at, verification_id) > (%(asked_at)s::timestamptz, %(last)s::uuid))"
        " ORDER BY asked_at, verification_id LIMIT %(limit)s",
        {"asked_at": asked_at, "last": verification_id, "limit": limit},
    )


async def count_waiting(tx: Tx) -> int:
    """Return how many wait."""
    return int(await tx.value("SELECT count(*) FROM users.verification WHERE state = 'waiting'"))


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what a person showed to be verified and what was decided; not who decided."""
    return await tx.values(
        "SELECT to_jsonb(t) - '{asked_by,decided_by}'::text[] FROM users.verification t WHERE t.asked_by = %s"
        " ORDER BY t.asked_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete what a person showed; what they decided for others stays, with no more than their id."""
    await tx.execute("DELETE FROM users.verification WHERE asked_by = %s", [user_id])


def _verification(*, links: list[str], state: str, ground: str | None, **columns: Any) -> Verification:
    known = None if ground is None else Ground(ground)
    return Verification(**columns, links=tuple(links), state=State(state), ground=known)
