"""The tables of artists' audiences, and the listens that a week is cut from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.listen_reward.analytics.domain import Audience, Listened, Part, bounds_of
from vibestream.kernel.ids import ArtistId
from vibestream.platform.database import Tx


async def first_accepted(tx: Tx) -> datetime | None:
    """Return when the first listen ever was accepted."""
    found = await tx.value("SELECT min(accepted_at) FROM listen_reward.listen WHERE state = 'accepted'")
    return found if isinstance(found, datetime) else None


async def list_published(tx: Tx) -> set[date]:
    """Return the weeks of which artists were told."""
    return set(await tx.values("SELECT week FROM listen_reward.audience_week"))


async def insert_week(tx: Tx, week: date, *, now: datetime) -> bool:
    """Note that artists are told of a week in this transaction; False when they were before, or are being told."""
    return (
        await tx.execute(
            "INSERT INTO listen_reward.audience_week (week, published_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [week, now],
        )
        > 0
    )


async def list_artists(tx: Tx, week: date) -> list[ArtistId]:
    """Return the artists who were listened to in a week, by id."""
    return await tx.values(
        """
        SELECT DISTINCT artist_id FROM listen_reward.listen JOIN listen_reward.track USING (track_id)
        WHERE state = 'accepted' AND accepted_at >= %s AND accepted_at < %s ORDER BY artist_id
        """,
        list(bounds_of(week)),
    )


async def list_listened(tx: Tx, artist_id: ArtistId, week: date) -> list[Listened]:
    """Return what others than the artist's own account, and those who worked for it then, heard of an artist in a week.

    Whoever works for it may read what is told of it: by adding themselves they would know the rest.
    """
    return await tx.all(
        Listened,
        """
        SELECT l.user_id AS listener, l.track_id, (l.accepted_at AT TIME ZONE 'UTC')::date AS day, t.duration_ms,
            s.quality, f.surface,
            (SELECT coalesce(sum(upper(span) - lower(span)), 0)::bigint FROM unnest(l.heard) AS span) AS heard_ms
        FROM listen_reward.listen l JOIN listen_reward.track t USING (track_id)
        LEFT JOIN listen_reward.score s ON s.listen_id = l.listen_id
        LEFT JOIN listen_reward.listen_surface f ON f.listen_id = l.listen_id
        WHERE l.state = 'accepted' AND l.accepted_at >= %s AND l.accepted_at < %s
            AND t.artist_id = %s AND l.user_id <> t.owner_user_id
            AND NOT EXISTS (
                SELECT FROM listen_reward.insider i WHERE i.user_id = l.user_id AND i.artist_id = t.artist_id
                AND i.since <= l.accepted_at AND (i.until IS NULL OR l.opened_at < i.until))
        """,
        [*bounds_of(week), artist_id],
    )


async def insert_audience(tx: Tx, artist_id: ArtistId, week: date, audience: Audience) -> None:
    """Keep what an artist is told of a week."""
    await tx.execute(
        "INSERT INTO listen_reward.audience_total (artist_id, week, listeners) VALUES (%s, %s, %s)",
        [artist_id, week, audience.listeners],
    )
    rows = [
        (place, one.track_id, one.day, one.listens, one.listeners, one.heard_percent, one.quality)
        for place, one in enumerate(audience.parts)
    ]
    await tx.execute(
        """
        INSERT INTO listen_reward.audience_part (artist_id, week, place, track_id, day, listens, listeners, heard_percent, quality)
        SELECT %s, %s, n.* FROM unnest(%s::int[], %s::uuid[], %s::date[], %s::int[], %s::int[], %s::int[], %s::int[]) AS n
        """,
        [artist_id, week, *map(list, zip(*rows, strict=True))],
    )


async def list_totals(tx: Tx, artist_id: ArtistId, *, weeks: int) -> list[tuple[date, int, int]]:
    """Return the last weeks that an artist was told of, the last first: the week, its listens and its listeners."""
    return await tx.all(
        _total,
        """
        SELECT t.week, sum(p.listens)::int AS listens, t.listeners
        FROM listen_reward.audience_total t JOIN listen_reward.audience_part p USING (artist_id, week)
        WHERE t.artist_id = %s GROUP BY t.week, t.listeners ORDER BY t.week DESC LIMIT %s
        """,
        [artist_id, weeks],
    )


async def load_audience(tx: Tx, artist_id: ArtistId, week: date) -> Audience | None:
    """Return what an artist was told of a week."""
    listeners = await tx.value(
        "SELECT listeners FROM listen_reward.audience_total WHERE artist_id = %s AND week = %s", [artist_id, week]
    )
    if listeners is None:
        return None
    parts: Sequence[Part] = await tx.all(
        Part,
        """
        SELECT track_id, day, listens, listeners, heard_percent, quality FROM listen_reward.audience_part
        WHERE artist_id = %s AND week = %s ORDER BY place
        """,
        [artist_id, week],
    )
    return Audience(int(listeners), tuple(parts))


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what was published of the artists whose tracks an account owns."""
    return await tx.values(
        """
        SELECT jsonb_build_object('artist_id', artist_id, 'week', week, 'track_id', track_id, 'day', day,
            'listens', listens, 'listeners', listeners, 'heard_percent', heard_percent, 'quality', quality)
        FROM listen_reward.audience_part
        WHERE artist_id IN (SELECT artist_id FROM listen_reward.track WHERE owner_user_id = %s)
        ORDER BY artist_id, week, place
        """,
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete what was published of the artists whose tracks an account owns."""
    await tx.execute(
        """
        DELETE FROM listen_reward.audience_total
        WHERE artist_id IN (SELECT artist_id FROM listen_reward.track WHERE owner_user_id = %s)
        """,
        [user_id],
    )


def _total(*, week: date, listens: int, listeners: int) -> tuple[date, int, int]:
    return week, listens, listeners
