"""What the page of one's own listening shows: figures in words, bars, and ranked lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from babel.dates import format_date, format_skeleton, get_day_names

from vibestream.contexts.music.catalogue.service import KnownTrack
from vibestream.contexts.user.analytics.service import Count, Listening
from vibestream.flows.own_listening import Stretch
from vibestream.kernel.ids import ArtistId, TrackId
from vibestream.web.charts import BarChart, Figure, bar_chart, shares
from vibestream.web.localization import Language

SHOWN: Final = 10
_GENRES: Final = 8
_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000
_NB: Final = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Ranked:
    """One line of a ranked list; `share` is of the first line's, in hundredths."""

    name: str
    by: str
    href: str
    figure: str
    share: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is shown of a stretch of days."""

    total: str
    listens: int
    songs: int
    artists: int
    longest: int
    current: int
    charts: tuple[BarChart, ...]
    top_songs: tuple[Ranked, ...]
    top_artists: tuple[Ranked, ...]
    genres: tuple[Ranked, ...]
    without_genre: str
    """How long was heard of releases that name no genre; empty: nothing."""
    sentences: tuple[str, ...]
    """A year in words; empty for other stretches."""


def figures_of(stretch: Stretch, spoken: Language, *, is_year: bool) -> Figures:
    """Return the figures of a stretch of days in a language."""
    found, known, since, until = stretch.found, stretch.known, stretch.since, stretch.until
    songs, artists = _songs(found, known, spoken), _artists(found, known, spoken)
    genres, without = _genres(stretch)
    over_time = _by_month(found, spoken, since) if is_year else _by_day(found, spoken, since, until)
    return Figures(
        total=duration(found.total.heard_ms),
        listens=found.total.listens,
        songs=len(found.tracks),
        artists=len(found.artists),
        longest=found.streaks.longest,
        current=found.streaks.current,
        charts=(over_time, _by_hour(found, spoken), _by_weekday(found, spoken)),
        top_songs=songs,
        top_artists=artists,
        genres=genres,
        without_genre=duration(without) if without else "",
        sentences=_year(found, spoken, songs, artists, genres) if is_year and found.total.listens else (),
    )


def duration(heard_ms: int) -> str:
    """Write how long was heard in hours and minutes, whose signs are the same in every language here; rounded down."""
    hours, minutes = heard_ms // _HOUR_MS, heard_ms % _HOUR_MS // _MINUTE_MS
    if hours:
        return f"{hours:d}{_NB}h {minutes:02d}{_NB}min"
    return f"{minutes}{_NB}min" if minutes or not heard_ms else f"< 1{_NB}min"


def _songs(found: Listening, known: Mapping[TrackId, KnownTrack], spoken: Language) -> tuple[Ranked, ...]:
    top = found.tracks[:SHOWN]
    rows = []
    for (track_id, count), share in zip(top, shares([one.heard_ms for _, one in top]), strict=True):
        one = known.get(track_id)
        rows.append(
            Ranked(
                name=one.title if one else spoken.gettext("A song that is gone"),
                by=one.artist_name if one else "",
                href=f"/tracks/{track_id}" if one and one.public else "",
                figure=duration(count.heard_ms),
                share=share,
            )
        )
    return tuple(rows)


def _artists(found: Listening, known: Mapping[TrackId, KnownTrack], spoken: Language) -> tuple[Ranked, ...]:
    named: dict[ArtistId, KnownTrack] = {one.artist_id: one for one in known.values()}
    top = found.artists[:SHOWN]
    rows = []
    for (artist_id, count), share in zip(top, shares([one.heard_ms for _, one in top]), strict=True):
        one = named.get(artist_id)
        rows.append(
            Ranked(
                name=one.artist_name if one else spoken.gettext("An artist who is gone"),
                by="",
                href=f"/artists/{one.artist_handle}" if one and one.artist_handle else "",
                figure=duration(count.heard_ms),
                share=share,
            )
        )
    return tuple(rows)


def _genres(stretch: Stretch) -> tuple[tuple[Ranked, ...], int]:
    """Return the genres heard longest, and how long was heard without one."""
    heard, without = stretch.genres
    top = heard[:_GENRES]
    rows = zip(top, shares([ms for _, ms in top]), strict=True)
    return tuple(Ranked(name, "", "", duration(ms), share) for (name, ms), share in rows), without


def _by_day(found: Listening, spoken: Language, since: date, until: date) -> BarChart:
    counts = dict(found.days)
    days = [since + timedelta(days=n) for n in range((until - since).days)]
    figures = [
        _figure(spoken.date(day), spoken_day(day, spoken) if n % 7 == 0 else "", counts.get(day, Count()))
        for n, day in enumerate(days)
    ]
    return _chart(spoken, "days", spoken.gettext("By day"), spoken.gettext("Day"), figures)


def _by_month(found: Listening, spoken: Language, since: date) -> BarChart:
    counts = dict(found.months)
    months = [date(since.year, month, 1) for month in range(1, 13)]
    figures = [_figure(spoken.month(one), month_letter(one, spoken), counts.get(one, Count())) for one in months]
    return _chart(spoken, "months", spoken.gettext("By month"), spoken.gettext("Month"), figures)


def _by_hour(found: Listening, spoken: Language) -> BarChart:
    figures = [
        _figure(f"{hour:02}:00", f"{hour}" if hour % 6 == 0 else "", count) for hour, count in enumerate(found.hours)
    ]
    return _chart(spoken, "hours", spoken.gettext("By hour of the day"), spoken.gettext("Hour"), figures)


def _by_weekday(found: Listening, spoken: Language) -> BarChart:
    long, short = (get_day_names(width, locale=spoken.locale) for width in ("wide", "abbreviated"))
    figures = [_figure(long[day].capitalize(), short[day], count) for day, count in enumerate(found.weekdays)]
    return _chart(spoken, "weekdays", spoken.gettext("By day of the week"), spoken.gettext("Weekday"), figures)


def _chart(spoken: Language, name: str, title: str, head: str, figures: Sequence[Figure]) -> BarChart:
    most = max(figures, key=lambda one: one.value)
    says = spoken.gettext("Nothing yet.")
    if most.value:
        says = spoken.gettext("Most: %(when)s, %(time)s.") % {"when": most.label, "time": most.text}
    return bar_chart(name=name, title=title, says=says, heads=(head, spoken.gettext("Heard")), figures=figures)


def _figure(label: str, tick: str, count: Count) -> Figure:
    return Figure(label, tick, count.heard_ms, duration(count.heard_ms))


def spoken_day(day: date, spoken: Language) -> str:
    """Write a day without its year, short enough to stand below a bar."""
    return format_skeleton("MMMd", day, locale=spoken.locale)


def month_letter(month: date, spoken: Language) -> str:
    """Write a month as its first letter: twelve of them stand below a picture that is as narrow as a phone."""
    return format_date(month, "LLLLL", locale=spoken.locale)


def _year(
    found: Listening, spoken: Language, songs: Iterable[Ranked], artists: Iterable[Ranked], genres: Iterable[Ranked]
) -> tuple[str, ...]:
    day, longest_day = max(found.days, key=lambda one: (one[1].heard_ms, -one[0].toordinal()))
    hour = max(range(len(found.hours)), key=lambda one: found.hours[one].heard_ms)
    words = [
        spoken.ngettext(
            "You listened for %(time)s, on %(n)s day.", "You listened for %(time)s, on %(n)s days.", len(found.days)
        )
        % {"time": duration(found.total.heard_ms), "n": spoken.number(len(found.days))}
    ]
    words += [spoken.gettext("Your artist was %(name)s.") % {"name": one.name} for one in _first(artists)]
    words += [spoken.gettext("Your song was %(name)s.") % {"name": one.name} for one in _first(songs)]
    words += [spoken.gettext("Your genre was %(name)s.") % {"name": one.name} for one in _first(genres)]
    words.append(
        spoken.gettext("Your longest day was %(day)s, with %(time)s.")
        % {"day": _long_day(spoken)(day), "time": duration(longest_day.heard_ms)}
    )
    words.append(
        spoken.gettext("Most of it was between %(hour)s and %(next)s.")
        % {"hour": f"{hour}:00", "next": f"{(hour + 1) % 24}:00"}
    )
    return tuple(words)


def _first(rows: Iterable[Ranked]) -> list[Ranked]:
    return list(rows)[:1]


def _long_day(spoken: Language) -> Callable[[date], str]:
    return lambda day: format_date(day, format="long", locale=spoken.locale)
