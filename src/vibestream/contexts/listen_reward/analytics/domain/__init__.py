"""A week of an artist, cut so that nothing published says anything of fewer than ten listeners, alone or beside the rest.

Small figures are found by subtracting one published figure from another: a song from the total, one stretch of days from a
longer one, today's answer from yesterday's. So there is one cut of each week, made once, into parts that share no listen;
each part is of ten listeners or more; and whatever else is shown is a sum of whole parts. What follows from sums of parts
is sums of parts. The figures are rounded down to tens, so that exact figures from elsewhere, such as a statement's listens
by song, leave what lies between them open.

The cut: a song's day stands alone when it is large enough; the song's other days together, when they are; all that is left
of all songs together. When that rest is too small, the song that the fewest heard is put into it, whole.

Source: L. Sweeney, k-anonymity: a model for protecting privacy, 2002; L. Willenborg and T. de Waal, Elements of
Statistical Disclosure Control, 2001, chapters 4 and 5: threshold, dominance, secondary suppression.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from vibestream.kernel.ids import TrackId, UserId

FEWEST: Final = 10
"""Listeners that a published part has at least."""
STEP: Final = 10
"""What figures are rounded down to."""
WEEK: Final = timedelta(days=7)
LATE: Final = timedelta(hours=1)
"""How long after its end a week is cut: what was accepted in its last moment is written by then, and heard to its end."""


@dataclass(frozen=True, slots=True)
class Listened:
    """One accepted listen: whose, of what, on which day in UTC, and how much of the track was heard."""

    listener: UserId
    track_id: TrackId
    day: date
    heard_ms: int
    duration_ms: int
    quality: int | None = None
    """Of its score; None: it has none."""
    surface: str | None = None
    """What it was started from; None: nobody said."""


@dataclass(frozen=True, slots=True)
class Part:
    """A published part. The figures are rounded down to tens, how much was heard of the tracks to whole percents."""

    track_id: TrackId | None
    """None: of several tracks."""
    day: date | None
    """None: of several days."""
    listens: int
    listeners: int
    heard_percent: int
    quality: int | None = None
    """Points of quality on average, rounded down to tens; None: too few of its listens were scored to say."""


@dataclass(frozen=True, slots=True)
class Audience:
    """What is published of an artist's week: the listeners of all of it, rounded down to tens, and its parts."""

    listeners: int
    parts: tuple[Part, ...]


_Place = tuple[TrackId | None, date | None]


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def bounds_of(week: date) -> tuple[datetime, datetime]:
    """Return when a week begins and ends, half-open, in UTC."""
    begin = datetime.combine(week, time(), tzinfo=UTC)
    return begin, begin + WEEK


def is_over(week: date, *, now: datetime) -> bool:
    """Say whether a week may be cut by now."""
    return now >= bounds_of(week)[1] + LATE


def cut(heard: Iterable[Listened]) -> Audience | None:
    """Return what is published of an artist's week; None: too few listened for anything to be said.

    The same listens in any order give the same parts.
    """
    parts, rest = _parts(heard)
    while rest and not is_large(rest):
        if not parts:
            return None
        # Merged, not left out: a rest that was left out could be found by subtracting the parts from a total. A whole song,
        # so that "several days" of a song always are all that do not stand alone.
        rest += _without_smallest_song(parts)
    if rest:
        parts[None, None] = rest
    if not parts:
        return None
    everybody = {one.listener for listens in parts.values() for one in listens}
    return Audience(rounded(len(everybody)), tuple(_part(place, parts[place]) for place in sorted(parts, key=_order)))


def _parts(heard: Iterable[Listened]) -> tuple[dict[_Place, list[Listened]], list[Listened]]:
    """Return the parts that are large enough by track and day, and all that is left."""
    cells: dict[TrackId, dict[date, list[Listened]]] = defaultdict(lambda: defaultdict(list))
    for one in heard:
        cells[one.track_id][one.day].append(one)
    parts: dict[_Place, list[Listened]] = {}
    rest: list[Listened] = []
    for track_id, days in cells.items():
        others: list[Listened] = []
        for day, listens in days.items():
            if is_large(listens):
                parts[track_id, day] = listens
            else:
                others += listens
        if is_large(others):
            parts[track_id, None] = others
        else:
            rest += others
    return parts, rest


def _without_smallest_song(parts: dict[_Place, list[Listened]]) -> list[Listened]:
    """Take the song that was heard by the fewest out of the parts, and return its listens."""
    songs: dict[TrackId | None, list[Listened]] = defaultdict(list)
    for (track_id, _), listens in parts.items():
        songs[track_id] += listens
    smallest = min(songs, key=lambda track_id: (size_of(songs[track_id]), str(track_id)))
    for place in [place for place in parts if place[0] == smallest]:
        del parts[place]
    return songs[smallest]


def is_large(listens: Sequence[Listened]) -> bool:
    """Say whether a part may be shown: of ten listeners, none of whom has more than half of its listens."""
    by_listener = Counter(one.listener for one in listens)
    return len(by_listener) >= FEWEST and 2 * max(by_listener.values()) <= len(listens)


def size_of(listens: Sequence[Listened]) -> tuple[int, int]:
    """Return how many listeners there are, and how many listens."""
    return len({one.listener for one in listens}), len(listens)


def _part(place: _Place, listens: Sequence[Listened]) -> Part:
    whole = sum(one.duration_ms for one in listens)
    heard = sum(min(one.heard_ms, one.duration_ms) for one in listens)
    return Part(
        *(*place, rounded(len(listens)), rounded(size_of(listens)[0]), 100 * heard // whole), quality=_quality(listens)
    )


def _quality(listens: Sequence[Listened]) -> int | None:
    """Return the average quality of those that have one, where these alone would be a part that may be shown."""
    known = [one for one in listens if one.quality is not None]
    return rounded(sum(one.quality or 0 for one in known) // len(known)) if is_large(known) else None


def rounded(count: int) -> int:
    """Return a figure rounded down to tens."""
    return count - count % STEP


def _order(place: _Place) -> tuple[bool, UUID, date]:
    track_id, day = place
    return track_id is None, track_id or UUID(int=0), day or date.max
