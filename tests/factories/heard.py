"""Accepted listens as rows, for figures that need many of them at chosen moments.

The rows are what listening itself writes for a listen that was accepted and is over; nothing is announced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vibestream.contexts.listen_reward.listening.domain import Track
from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents.domain import VERSIONS
from vibestream.contexts.user.consents.service import Purpose
from vibestream.kernel.ids import ListenId, SessionId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Played:
    """One listen to write: whose, of what, when it began, how much of it was heard, and whether it goes on."""

    user_id: UserId
    track: Track
    began_at: datetime
    heard_ms: int = 60_000
    live: bool = False


async def write(tx: Tx, played: Sequence[Played]) -> list[ListenId]:
    """Write accepted listens of registered tracks, each accepted thirty seconds after it began."""
    ids = [ListenId(new_id()) for _ in played]
    await tx.execute(
        """
        INSERT INTO listen_reward.listen (listen_id, user_id, track_id, player_id, opened_at, state, live, ended_at,
            accepted_at, heard, attributed)
        SELECT n.id, n.user_id, n.track_id, 'tab-1', n.began_at, 'accepted', n.live,
            CASE WHEN n.live THEN NULL ELSE n.began_at + make_interval(secs => n.heard_ms / 1000.0) END,
            n.accepted_at, int4multirange(int4range(0, n.heard_ms)), false
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::int[], %s::bool[], %s::timestamptz[])
            AS n(id, user_id, track_id, began_at, heard_ms, live, accepted_at)
        """,
        [
            ids,
            [one.user_id for one in played],
            [one.track.track_id for one in played],
            [one.began_at for one in played],
            [one.heard_ms for one in played],
            [one.live for one in played],
            [one.began_at + timedelta(seconds=30) for one in played],
        ],
    )
    return ids


async def consent(tx: Tx, user_id: UserId) -> None:
    """Consent to statistics, in somebody's name."""
    await consents.give(
        tx,
        user_id=user_id,
        purpose=Purpose.ANALYTICS,
        version=VERSIONS[Purpose.ANALYTICS],
        session_id=SessionId(new_id()),
        now=utc_now(),
    )


async def withdraw(tx: Tx, user_id: UserId) -> None:
    """Withdraw that consent."""
    await consents.withdraw(
        tx, user_id=user_id, purpose=Purpose.ANALYTICS, session_id=SessionId(new_id()), now=utc_now()
    )
