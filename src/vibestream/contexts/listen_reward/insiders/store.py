"""The table of who works for an artist, with from when until when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.listen_reward.insiders.domain import Through, Worked
from vibestream.kernel.ids import ArtistId, ListenId, UserId
from vibestream.platform.database import Tx


async def insert_insider(
    tx: Tx,
    *,
    insider_id: UUID,
    artist_id: ArtistId,
    owner_user_id: UserId,
    user_id: UserId,
    through: Through,
    now: datetime,
) -> None:
    """Note that somebody works for an artist from now on; whoever does so already goes on as they began."""
    await tx.execute(
        """
        INSERT INTO listen_reward.insider (insider_id, artist_id, owner_user_id, user_id, through, since)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (artist_id, user_id, through) WHERE until IS NULL DO NOTHING
        """,
        [insider_id, artist_id, owner_user_id, user_id, through.value, now],
    )


async def end_insider(tx: Tx, *, artist_id: ArtistId, user_id: UserId, through: Through, now: datetime) -> None:
    """Note that somebody works for an artist no more; the clock of another machine may be behind the one of their beginning."""
    await tx.execute(
        "UPDATE listen_reward.insider SET until = greatest(since, %s)"
        " WHERE artist_id = %s AND user_id = %s AND through = %s AND until IS NULL",
        [now, artist_id, user_id, through.value],
    )


async def list_worked(tx: Tx, listen_ids: Iterable[ListenId]) -> list[Worked]:
    """Return, of these listens, those whose listener works or worked for the artist, with each time in which they did."""
    return await tx.all(
        Worked,
        """
        SELECT l.listen_id, l.opened_at AS began_at, coalesce(s.scored_at, l.accepted_at, l.opened_at) AS proven_at,
            i.since, i.until
        FROM listen_reward.listen l JOIN listen_reward.track t USING (track_id)
        JOIN listen_reward.insider i ON i.user_id = l.user_id AND i.artist_id = t.artist_id
        LEFT JOIN listen_reward.score s ON s.listen_id = l.listen_id
        WHERE l.listen_id = ANY(%s)
        """,
        [list(listen_ids)],
    )


async def list_insiders(tx: Tx) -> set[tuple[ArtistId, UserId, Through]]:
    """Return everybody who works for an artist now: the artist, who, and through what."""
    return set(await tx.all(_row, "SELECT artist_id, user_id, through FROM listen_reward.insider WHERE until IS NULL"))


async def drop_ended(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete who left before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM listen_reward.insider WHERE insider_id IN (SELECT insider_id FROM listen_reward.insider"
        " WHERE until < %s ORDER BY until LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return for which artists a person works or worked; nothing of whom they worked for."""
    return await tx.values(
        "SELECT to_jsonb(i) - '{user_id,owner_user_id}'::text[] FROM listen_reward.insider i"
        " WHERE i.user_id = %s ORDER BY i.since, i.insider_id",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete for whom a person worked, and end everybody's work for their artists."""
    await tx.execute("DELETE FROM listen_reward.insider WHERE user_id = %s", [user_id])
    await tx.execute(
        "UPDATE listen_reward.insider SET until = greatest(since, now()) WHERE owner_user_id = %s AND until IS NULL",
        [user_id],
    )


def _row(*, artist_id: ArtistId, user_id: UserId, through: str) -> tuple[ArtistId, UserId, Through]:
    return artist_id, user_id, Through(through)
