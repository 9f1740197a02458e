"""A listener's own figures: counting days, saying what is in them, forgetting them. The public interface of this capability.

Whether somebody consents, and what they heard, is asked of others: `flows/count_listening.py` does. A day is never added to;
it is counted anew from all of its listens, so that doing it again, or in another order, changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from vibestream.contexts.user.analytics import domain, store
from vibestream.contexts.user.analytics.domain import Count, Day, Heard, Streaks, bounds_of, day_of
from vibestream.kernel.ids import ArtistId, TrackId, UserId
from vibestream.platform.database import Tx

__all__ = ["Count", "Heard", "Listening", "Streaks", "bounds_of", "day_of"]


@dataclass(frozen=True, slots=True)
class Listening:
    """What somebody heard in a stretch of days of their clock. Milliseconds count each part of a song once a listen."""

    total: Count
    days: tuple[tuple[date, Count], ...]
    """Those on which anything was heard, in order."""
    months: tuple[tuple[date, Count], ...]
    hours: tuple[Count, ...]
    """Twenty-four, from midnight."""
    weekdays: tuple[Count, ...]
    """Seven, Monday first."""
    tracks: tuple[tuple[TrackId, Count], ...]
    """Every one, what was heard longest first."""
    artists: tuple[tuple[ArtistId, Count], ...]
    """Every one, who was heard longest first."""
    streaks: Streaks


async def begin(tx: Tx, *, user_id: UserId) -> str | None:
    """Take somebody's figures for this transaction alone, and return by which clock they are counted; None: not at all.

    Called before asking for their consent: a withdrawal that is forgotten for waits until what was counted is committed.
    """
    await store.lock_person(tx, user_id)
    return await store.clock_of(tx, user_id)


async def replace_all(tx: Tx, *, user_id: UserId, time_zone: str, heard: Sequence[Heard], due_at: datetime) -> int:
    """Count everything that somebody heard, by this clock, in the place of what is kept; return how many days it makes.

    Days of what is still playing are counted again after `due_at`.
    """
    await store.forget(tx, user_id)
    await store.insert_clock(tx, user_id, time_zone)
    return await _insert(tx, user_id, domain.days_of(heard, time_zone=time_zone), due_at)


async def replace_day(tx: Tx, *, user_id: UserId, day: date, heard: Sequence[Heard], due_at: datetime) -> None:
    """Count one day anew, from all that somebody heard on it; where nothing is kept of them, nothing happens.

    When some of it is still playing, the day is counted again after `due_at`.

    Raises:
        ValueError: something was heard on another day of their clock.
    """
    time_zone = await store.clock_of(tx, user_id)
    if time_zone is None:
        return
    days = domain.days_of(heard, time_zone=time_zone)
    if any(one.day != day for one in days):
        raise ValueError(f"heard on another day than {day}")
    await store.delete_days(tx, user_id, [day])
    await _insert(tx, user_id, days, due_at)


async def due_days(tx: Tx, *, now: datetime, limit: int) -> list[tuple[UserId, date]]:
    """Return whose days are to be counted again by now."""
    return await store.list_due(tx, now=now, limit=limit)


async def people(tx: Tx, *, after: UserId | None, limit: int) -> list[UserId]:
    """Return whose figures are kept, by id, from after one of them on."""
    return await store.list_people(tx, after=after, limit=limit)


async def forget(tx: Tx, *, user_id: UserId) -> bool:
    """Delete everything that was counted of somebody, and return whether there was anything."""
    await store.lock_person(tx, user_id)
    return await store.forget(tx, user_id)


async def clock_of(tx: Tx, *, user_id: UserId) -> str | None:
    """Return by which clock somebody's days are counted; None when nothing is kept of them."""
    return await store.clock_of(tx, user_id)


async def years_of(tx: Tx, *, user_id: UserId) -> list[int]:
    """Return the years in which somebody heard anything, the last first."""
    return await store.list_years(tx, user_id)


async def listening_of(tx: Tx, *, user_id: UserId, since: date, until: date, today: date) -> Listening:
    """Return what somebody heard in a half-open stretch of days; `today` is the day that it is for them."""
    days = await store.list_days(tx, user_id, since, until)
    hours = dict(await store.list_hours(tx, user_id, since, until))
    tracks = await store.list_tracks(tx, user_id, since, until)
    by_track: dict[TrackId, Count] = defaultdict(Count)
    by_artist: dict[ArtistId, Count] = defaultdict(Count)
    for track_id, artist_id, count in tracks:
        by_track[track_id] += count
        by_artist[artist_id] += count
    return Listening(
        total=sum((count for _, count in days), Count()),
        days=tuple(days),
        months=domain.by_month(days),
        hours=tuple(hours.get(hour, Count()) for hour in range(domain.HOURS)),
        weekdays=domain.by_weekday(days),
        tracks=tuple(sorted(by_track.items(), key=_longest_first)),
        artists=tuple(sorted(by_artist.items(), key=_longest_first)),
        streaks=domain.streaks_of((day for day, _ in days), today=today),
    )


async def _insert(tx: Tx, user_id: UserId, days: Sequence[Day], due_at: datetime) -> int:
    await store.insert_days(tx, user_id, days)
    await store.mark_unsettled(tx, user_id, [one.day for one in days if one.playing], due_at=due_at)
    return len(days)


def _longest_first(one: tuple[TrackId | ArtistId, Count]) -> tuple[int, int, str]:
    return -one[1].heard_ms, -one[1].listens, str(one[0])
