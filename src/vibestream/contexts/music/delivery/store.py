"""The tables of delivery.

`music.served`: which segments were sent to which listen; raw evidence, kept for two days. `music.listener_quality`: the
best that each listener may hear.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.music.delivery.domain.quality import Quality
from vibestream.contexts.music.delivery.domain.served import Run
from vibestream.kernel.ids import ListenId, UserId
from vibestream.platform.database import Tx

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def copy_runs(tx: Tx, runs: Iterable[Run]) -> None:
    """Append runs in bulk."""
    await tx.copy(
        """
        COPY music.served (listen_id, track_id, rung, first_segment, last_segment, first_at, last_at) FROM STDIN
        """,
        ((run.listen_id, run.track_id, run.rung, run.first_segment, run.last_segment, *_instants(run)) for run in runs),
    )


async def list_runs(tx: Tx, *, listen_id: ListenId) -> list[Run]:
    """Return what was sent to a listen, in the order of its tracks, rungs and segments."""
    return await tx.all(
        Run,
        """
        SELECT listen_id, track_id, rung, first_segment, last_segment,
            (extract(epoch FROM first_at) * 1000)::bigint AS first_at_ms,
            (extract(epoch FROM last_at) * 1000)::bigint AS last_at_ms
        FROM music.served WHERE listen_id = %s ORDER BY track_id, rung, first_segment, last_segment
        """,
        [listen_id],
    )


async def delete_runs(tx: Tx, *, before: datetime, limit: int) -> int:
    """Forget what was sent before an instant, at most `limit` runs, and return how many."""
    return await tx.execute(
        """
        DELETE FROM music.served WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM music.served WHERE last_at < %s ORDER BY last_at LIMIT %s))
        """,
        [before, limit],
    )


async def save_quality(tx: Tx, *, user_id: UserId, quality: Quality, until: datetime | None, as_of: datetime) -> None:
    """Keep what is newest of a listener's best quality."""
    await tx.execute(
        """
        INSERT INTO music.listener_quality AS known (user_id, max_kbps, lossless, until, as_of)
        VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (user_id) DO UPDATE
        SET max_kbps = excluded.max_kbps, lossless = excluded.lossless, until = excluded.until, as_of = excluded.as_of
        WHERE known.as_of <= excluded.as_of
        """,
        [user_id, quality.max_kbps, quality.lossless, until, as_of],
    )


async def load_quality(tx: Tx, *, user_id: UserId, now: datetime) -> Quality | None:
    """Return a listener's best quality as it is known to be at an instant."""
    return await tx.one(
        Quality,
        """
        SELECT max_kbps, lossless FROM music.listener_quality WHERE user_id = %s AND (until IS NULL OR until > %s)
        """,
        [user_id, now],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the quality that a person may hear."""
    return await tx.values(
        "SELECT to_jsonb(t) - '{user_id}'::text[] FROM music.listener_quality t WHERE t.user_id = %s",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete the quality that a person may hear."""
    await tx.execute("DELETE FROM music.listener_quality WHERE user_id = %s", [user_id])


def _instants(run: Run) -> tuple[datetime, datetime]:
    return (
        _EPOCH + timedelta(milliseconds=run.first_at_ms),
        _EPOCH + timedelta(milliseconds=run.last_at_ms),
    )
