"""The tables of listeners' own figures: whose are kept and by which clock, their days by track and by hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.analytics.domain import Count, Day
from vibestream.kernel.ids import ArtistId, TrackId, UserId
from vibestream.platform.database import Tx

_DELETE_DAYS: Final = (
    "DELETE FROM users.listening_track WHERE user_id = %s AND day = ANY(%s)",
    "DELETE FROM users.listening_hour WHERE user_id = %s AND day = ANY(%s)",
    "DELETE FROM users.listening_unsettled WHERE user_id = %s AND day = ANY(%s)",
)


async def lock_person(tx: Tx, user_id: UserId) -> None:
    """Let one transaction at a time count or forget what somebody heard, also where nothing is kept of them yet."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"listening-figures:{user_id}"])


async def clock_of(tx: Tx, user_id: UserId) -> str | None:
    """Return by which clock somebody's days are counted, None when nothing is kept of them."""
    found = await tx.value("SELECT time_zone FROM users.listening_clock WHERE user_id = %s", [user_id])
    return None if found is None else str(found)


async def insert_clock(tx: Tx, user_id: UserId, time_zone: str) -> None:
    """Keep somebody's figures from now on, by this clock."""
    await tx.execute("INSERT INTO users.listening_clock (user_id, time_zone) VALUES (%s, %s)", [user_id, time_zone])


async def forget(tx: Tx, user_id: UUID) -> bool:
    """Delete everything that is kept of somebody, and return whether there was anything."""
    return await tx.execute("DELETE FROM users.listening_clock WHERE user_id = %s", [user_id]) > 0


async def delete_days(tx: Tx, user_id: UserId, days: Sequence[date]) -> None:
    """Delete somebody's counts of some days."""
    for statement in _DELETE_DAYS:
        await tx.execute(statement, [user_id, list(days)])


async def insert_days(tx: Tx, user_id: UserId, days: Sequence[Day]) -> None:
    """Add the counts of days of which nothing is kept."""
    tracks = [(one.day, *key, count.listens, count.heard_ms) for one in days for key, count in one.tracks.items()]
    if not tracks:
        return
    await tx.execute(
        """
        INSERT INTO users.listening_track (user_id, day, track_id, artist_id, listens, heard_ms)
        SELECT %s, n.* FROM unnest(%s::date[], %s::uuid[], %s::uuid[], %s::int[], %s::bigint[]) AS n
        """,
        [user_id, *map(list, zip(*tracks, strict=True))],
    )
    hours = [(one.day, hour, count.listens, count.heard_ms) for one in days for hour, count in one.hours.items()]
    await tx.execute(
        """
        INSERT INTO users.listening_hour (user_id, day, hour, listens, heard_ms)
        SELECT %s, n.* FROM unnest(%s::date[], %s::int[], %s::int[], %s::bigint[]) AS n
        """,
        [user_id, *map(list, zip(*hours, strict=True))],
    )


async def mark_unsettled(tx: Tx, user_id: UserId, days: Sequence[date], *, due_at: datetime) -> None:
    """Note that days are to be counted again, not before an instant."""
    await tx.execute(
        "INSERT INTO users.listening_unsettled (user_id, day, due_at) SELECT %s, day, %s FROM unnest(%s::date[]) AS day",
        [user_id, due_at, list(days)],
    )


async def list_due(tx: Tx, *, now: datetime, limit: int) -> list[tuple[UserId, date]]:
    """Return the days that are to be counted again by now, those that are longest due first."""
    return await tx.all(
        _due,
        "SELECT user_id, day FROM users.listening_unsettled WHERE due_at <= %s ORDER BY due_at, user_id, day LIMIT %s",
        [now, limit],
    )


async def list_people(tx: Tx, *, after: UserId | None, limit: int) -> list[UserId]:
    """Return whose figures are kept, by id."""
    return await tx.values(
        "SELECT user_id FROM users.listening_clock WHERE %(after)s::uuid IS NULL OR user_id > %(after)s"
        " ORDER BY user_id LIMIT %(limit)s",
        {"after": after, "limit": limit},
    )


async def list_days(tx: Tx, user_id: UserId, since: date, until: date) -> list[tuple[date, Count]]:
    """Return somebody's counts by day, in order, of a half-open stretch; days without any are left out."""
    return await tx.all(
        _day_count,
        """
        SELECT day, sum(listens)::int AS listens, sum(heard_ms)::bigint AS heard_ms FROM users.listening_hour
        WHERE user_id = %s AND day >= %s AND day < %s GROUP BY day ORDER BY day
        """,
        [user_id, since, until],
    )


async def list_hours(tx: Tx, user_id: UserId, since: date, until: date) -> list[tuple[int, Count]]:
    """Return somebody's counts by hour of the day, of a half-open stretch of days."""
    return await tx.all(
        _hour_count,
        """
        SELECT hour, sum(listens)::int AS listens, sum(heard_ms)::bigint AS heard_ms FROM users.listening_hour
        WHERE user_id = %s AND day >= %s AND day < %s GROUP BY hour ORDER BY hour
        """,
        [user_id, since, until],
    )


async def list_tracks(tx: Tx, user_id: UserId, since: date, until: date) -> list[tuple[TrackId, ArtistId, Count]]:
    """Return somebody's counts by track, of a half-open stretch of days: what was heard longest first."""
    return await tx.all(
        _track_count,
        """
        SELECT track_id, artist_id, sum(listens)::int AS listens, sum(heard_ms)::bigint AS heard_ms
        FROM users.listening_track WHERE user_id = %s AND day >= %s AND day < %s
        GROUP BY track_id, artist_id ORDER BY sum(heard_ms) DESC, sum(listens) DESC, track_id, artist_id
        """,
        [user_id, since, until],
    )


async def list_years(tx: Tx, user_id: UserId) -> list[int]:
    """Return the years in which somebody heard anything, the last first."""
    return await tx.values(
        "SELECT DISTINCT extract(year FROM day)::int AS year FROM users.listening_hour WHERE user_id = %s ORDER BY 1 DESC",
        [user_id],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return all that is kept of somebody."""
    return await tx.values(
        "SELECT jsonb_build_object('time_zone', time_zone) FROM users.listening_clock WHERE user_id = %(user)s UNION ALL"
        " (SELECT jsonb_build_object('day', day, 'track_id', track_id, 'artist_id', artist_id, 'listens', listens,"
        " 'heard_ms', heard_ms) FROM users.listening_track WHERE user_id = %(user)s ORDER BY day, track_id) UNION ALL"
        " (SELECT jsonb_build_object('day', day, 'hour', hour, 'listens', listens, 'heard_ms', heard_ms)"
        " FROM users.listening_hour WHERE user_id = %(user)s ORDER BY day, hour)",
        {"user": user_id},
    )


def _due(*, user_id: UserId, day: date) -> tuple[UserId, date]:
    return user_id, day


def _day_count(*, day: date, listens: int, heard_ms: int) -> tuple[date, Count]:
    return day, Count(listens, heard_ms)


def _hour_count(*, hour: int, listens: int, heard_ms: int) -> tuple[int, Count]:
    return hour, Count(listens, heard_ms)


def _track_count(
    *, track_id: TrackId, artist_id: ArtistId, listens: int, heard_ms: int
) -> tuple[TrackId, ArtistId, Count]:
    return track_id, artist_id, Count(listens, heard_ms)
