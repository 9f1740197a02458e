"""Listens as days and hours of somebody's own clock, and what can be said of a stretch of such days.

A listen belongs to the day and the hour at which it began. A clock that is set back shows an hour twice: both are that hour.
"""

from __future__ import annotations

import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from vibestream.kernel.ids import ArtistId, TrackId

_DAY: Final = timedelta(days=1)
HOURS: Final = 24
WEEKDAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Heard:
    """One listen that counts: of which track, when it began, and how many milliseconds of it were heard, each part once."""

    track_id: TrackId
    artist_id: ArtistId
    began_at: datetime
    heard_ms: int
    playing: bool = False
    """Whether it goes on, and may still become longer."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many listens, and how many milliseconds of them."""

    listens: int = 0
    heard_ms: int = 0

    def __add__(self, other: Count) -> Count:
        """Return both together."""
        return Count(self.listens + other.listens, self.heard_ms + other.heard_ms)


@dataclass(frozen=True, slots=True)
class Day:
    """What somebody heard on one day of their clock."""

    day: date
    tracks: dict[tuple[TrackId, ArtistId], Count]
    hours: dict[int, Count]
    playing: bool
    """Whether any of it goes on, and the day is to be counted again."""


@dataclass(frozen=True, slots=True)
class Streaks:
    """Days in a row on which something was heard: the longest run ever in a stretch, and the one that goes on now."""

    longest: int
    current: int


def day_of(instant: datetime, *, time_zone: str) -> date:
    """Return the day that an instant is on by a clock."""
    return instant.astimezone(zoneinfo.ZoneInfo(time_zone)).date()


def bounds_of(day: date, *, time_zone: str) -> tuple[datetime, datetime]:
    """Return when a day of a clock begins and ends, half-open, in UTC; it may have 23 or 25 hours."""
    zone = zoneinfo.ZoneInfo(time_zone)
    begin, end = (datetime.combine(one, time(), tzinfo=zone).astimezone(UTC) for one in (day, day + _DAY))
    return begin, end


def days_of(heard: Iterable[Heard], *, time_zone: str) -> list[Day]:
    """Return listens as days of a clock, in order; the same listens make the same days in whichever order they come."""
    zone = zoneinfo.ZoneInfo(time_zone)
    tracks: dict[date, dict[tuple[TrackId, ArtistId], Count]] = defaultdict(lambda: defaultdict(Count))
    hours: dict[date, dict[int, Count]] = defaultdict(lambda: defaultdict(Count))
    playing: set[date] = set()
    for one in heard:
        local, count = one.began_at.astimezone(zone), Count(1, one.heard_ms)
        tracks[local.date()][one.track_id, one.artist_id] += count
        hours[local.date()][local.hour] += count
        if one.playing:
            playing.add(local.date())
    return [Day(day, dict(tracks[day]), dict(hours[day]), day in playing) for day in sorted(tracks)]


def streaks_of(days: Iterable[date], *, today: date) -> Streaks:
    """Return the runs of days in a row; the current one may end yesterday, because today is not over."""
    longest = current = 0
    last: date | None = None
    for day in sorted(set(days)):
        current = current + 1 if last is not None and day - last == _DAY else 1
        longest, last = max(longest, current), day
    return Streaks(longest, current if last is not None and last >= today - _DAY else 0)


def by_weekday(days: Sequence[tuple[date, Count]]) -> tuple[Count, ...]:
    """Return seven counts, Monday first."""
    found = [Count()] * WEEKDAYS
    for day, count in days:
        found[day.weekday()] += count
    return tuple(found)


def by_month(days: Sequence[tuple[date, Count]]) -> tuple[tuple[date, Count], ...]:
    """Return the counts of each month with any, by its first day, in order."""
    found: dict[date, Count] = defaultdict(Count)
    for day, count in days:
        found[day.replace(day=1)] += count
    return tuple(sorted(found.items(), key=lambda one: one[0]))
