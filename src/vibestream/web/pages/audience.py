"""An artist's audience, week by week, as it was published: nothing of fewer than ten listeners, and never again otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final

from babel.dates import format_date, get_day_names
from fastapi import Query, Request
from starlette.responses import Response

from vibestream.contexts.listen_reward.analytics import service as audience
from vibestream.contexts.listen_reward.analytics.service import Audience, Part, Piece, WeekTotal
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import KnownTrack
from vibestream.flows.artists_people import StudioArtist, chosen_of, studio_artists
from vibestream.kernel.ids import TrackId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.charts import BarChart, Figure, bar_chart
from vibestream.web.localization import Language
from vibestream.web.pages.audience_splits import SplitView, splits_view
from vibestream.web.pages.forms import see_other
from vibestream.web.pages.listening_figures import spoken_day
from vibestream.web.rendering import render, shell_of

router = Router(include_in_schema=False)

_WEEKS: Final = 26
_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part of a week: the song and the day it is of, in words, and its figures, at least."""

    song: str
    href: str
    day: str
    listens: int
    listeners: int
    heard: int
    quality: int | None
    """Points on average, of 1,000; None: too few of its listens have any."""


@dataclass(frozen=True, slots=True)
class WeekView:
    """A week: its figures, its listens by day, and its parts."""

    monday: date
    sunday: date
    listens: int
    listeners: int
    heard: int
    by_day: BarChart
    rows: tuple[PartRow, ...]
    splits: tuple[SplitView, ...]


@dataclass(frozen=True, slots=True)
class AudienceView:
    """The page. `week` is None when nothing may be told of any week, or of the one that was asked for."""

    artists: tuple[StudioArtist, ...]
    artist: StudioArtist
    weeks: tuple[WeekTotal, ...]
    by_week: BarChart | None
    week: WeekView | None
    asked: date | None
    fewest: int


@router.get("/studio/analytics", policy=SIGNED_IN)
async def show_audience(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    artist: Annotated[str, Query(max_length=100)] = "",
    week: Annotated[date | None, Query()] = None,
) -> Response:
    """Show the audience of an artist that one owns or works for, in the last week or in the one asked for.

    Figures are another context's: that one has a part in the artist is read in the same transaction, just before.
    """
    artists = await studio_artists(tx, user_id=principal.user_id)
    if not artists and not artist:  # where an artist is made
        return see_other("/studio")
    chosen = chosen_of(artists, artist)
    return render(request, "audience.html", await _view(tx, artists, chosen, week, shell_of(request).language))


async def _view(
    tx: Tx, own: Sequence[StudioArtist], chosen: StudioArtist, asked: date | None, spoken: Language
) -> AudienceView:
    weeks = await audience.weeks_of(tx, artist_id=chosen.artist_id, limit=_WEEKS)
    monday = asked or (weeks[0].week if weeks else None)
    found = await audience.audience_of(tx, artist_id=chosen.artist_id, week=monday) if monday else None
    songs = {one.track_id for one in found.parts if one.track_id} if found else set()
    known = await catalogue.known_tracks(tx, track_ids=sorted(songs))
    pieces = await audience.pieces_of(tx, artist_id=chosen.artist_id, week=monday) if monday and found else []
    return AudienceView(
        artists=tuple(own),
        artist=chosen,
        weeks=tuple(weeks),
        by_week=_by_week(weeks, spoken) if weeks else None,
        week=_week(monday, found, pieces, known, spoken) if monday and found else None,
        asked=asked,
        fewest=audience.FEWEST,
    )


def _week(
    monday: date, found: Audience, pieces: Sequence[Piece], known: Mapping[TrackId, KnownTrack], spoken: Language
) -> WeekView:
    listens = sum(one.listens for one in found.parts)
    return WeekView(
        monday=monday,
        sunday=monday + timedelta(days=_DAYS - 1),
        listens=listens,
        listeners=found.listeners,
        heard=sum(one.heard_percent * one.listens for one in found.parts) // listens,
        by_day=_by_day(monday, found, spoken),
        rows=tuple(_row(one, known, spoken) for one in sorted(found.parts, key=_most_first)),
        splits=splits_view(pieces, spoken),
    )


def _row(part: Part, known: Mapping[TrackId, KnownTrack], spoken: Language) -> PartRow:
    song = spoken.gettext("Several songs")
    if part.track_id is not None:
        one = known.get(part.track_id)
        song = one.title if one else spoken.gettext("A song that is gone")
    several = spoken.gettext("the other days") if part.track_id else spoken.gettext("several days")
    return PartRow(
        song=song,
        href=f"/tracks/{part.track_id}" if part.track_id in known else "",
        day=format_date(part.day, "EEE d MMM", locale=spoken.locale) if part.day else several,
        listens=part.listens,
        listeners=part.listeners,
        heard=part.heard_percent,
        quality=part.quality,
    )


def _by_day(monday: date, found: Audience, spoken: Language) -> BarChart:
    """Return the listens of parts that are of one day each, and of all others together: sums of whole parts."""
    names, figures = get_day_names("abbreviated", locale=spoken.locale), []
    for n in range(_DAYS):
        day = monday + timedelta(days=n)
        listens = sum(one.listens for one in found.parts if one.day == day)
        figures.append(_figure(spoken.date(day), names[n], listens, spoken))
    others = sum(one.listens for one in found.parts if one.day is None)
    figures.append(_figure(spoken.gettext("Of no single day"), "+", others, spoken))
    says = spoken.gettext("Songs' days with too few listeners are in +, together.")
    heads = (spoken.gettext("Day"), spoken.gettext("Listens"))
    return bar_chart(name="days", title=spoken.gettext("By day"), says=says, heads=heads, figures=figures)


def _by_week(weeks: Sequence[WeekTotal], spoken: Language) -> BarChart:
    told = {one.week: one.listens for one in weeks}
    first, last = weeks[-1].week, weeks[0].week
    mondays = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, _DAYS)]
    step = max(len(mondays) // 6, 1)
    figures = [
        _figure(spoken.date(one), spoken_day(one, spoken) if n % step == 0 else "", told.get(one, 0), spoken)
        for n, one in enumerate(mondays)
    ]
    says = spoken.gettext("A week without a bar had too few listeners for anything to be said.")
    heads = (spoken.gettext("Week from"), spoken.gettext("Listens"))
    return bar_chart(name="weeks", title=spoken.gettext("By week"), says=says, heads=heads, figures=figures)


def _figure(label: str, tick: str, listens: int, spoken: Language) -> Figure:
    written = spoken.gettext("%(n)s or more") % {"n": spoken.number(listens)} if listens else "\N{EN DASH}"
    return Figure(label, tick, listens, written)


def _most_first(part: Part) -> tuple[bool, int, str, date]:
    return part.track_id is None, -part.listens, str(part.track_id), part.day or date.max
