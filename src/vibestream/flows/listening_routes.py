"""HTTP of one's own figures of listening, and of artists' audiences.

The addresses stand here because figures are user's and listen_reward's, and what songs are called is music's.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.listen_reward.analytics import service as audience
from vibestream.contexts.listen_reward.analytics.service import Kind
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.user.analytics import service as analytics
from vibestream.contexts.user.analytics.service import Count
from vibestream.flows import own_listening
from vibestream.flows.artists_people import studio_artist
from vibestream.flows.own_listening import Stretch
from vibestream.kernel.ids import ArtistId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["listening figures"])

_MOST: Final = 200
_SHOWN: Final = 50
_WEEKS: Final = 104


class CountBody(BaseModel):
    """How many listens, and how many milliseconds of them."""

    listens: int
    heard_ms: int


class DayCount(CountBody):
    """What was heard on a day; of a month, on its first."""

    day: date


class TrackCount(CountBody):
    """What was heard of a song."""

    track_id: UUID
    title: str | None = Field(description="Null: the song is gone.")
    artist_name: str | None


class ArtistCount(CountBody):
    """What was heard of an artist."""

    artist_id: UUID
    name: str | None = Field(description="Null: the artist is gone.")


class GenreCount(BaseModel):
    """What was heard of a genre; a song of two counts for both."""

    genre: str
    heard_ms: int


class ListeningFigures(BaseModel):
    """What one heard in a stretch of days of one's clock."""

    since: date
    until: date = Field(description="The day after the last.")
    total: CountBody
    songs: int
    artists: int
    longest_streak: int = Field(description="Days in a row on which something was heard.")
    current_streak: int
    days: list[DayCount] = Field(description="Those on which something was heard.")
    months: list[DayCount]
    hours: list[CountBody] = Field(description="Twenty-four, from midnight.")
    weekdays: list[CountBody] = Field(description="Seven, Monday first.")
    top_tracks: list[TrackCount] = Field(description="What was heard longest first, as many as were asked for.")
    top_artists: list[ArtistCount]
    genres: list[GenreCount]
    without_genre_ms: int


class OwnListening(BaseModel):
    """Whether one agrees to be counted, and what was."""

    agreed: bool
    version: int = Field(description="Of the text that one would agree to now.")
    since: datetime | None = Field(description="When one last said anything about it.")
    time_zone: str | None = Field(description="By which days are counted; null: nothing is.")
    years: list[int] = Field(description="In which something was heard, the last first.")
    figures: ListeningFigures | None = Field(description="Null: nothing is counted.")


class Agreement(BaseModel):
    """The version of the text that was read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: Annotated[int, Field(ge=1, le=10_000)]


class AudienceWeek(BaseModel):
    """A published week of an artist, by its Monday; figures are at least so many, in tens."""

    week: date
    listens: int
    listeners: int


class AudienceWeeks(BaseModel):
    """The weeks of which anything may be told, the last first."""

    items: list[AudienceWeek]
    fewest: int = Field(description="Nothing is told of fewer listeners.")


class AudiencePart(BaseModel):
    """Some listens of a week; figures are at least so many, in tens."""

    track_id: UUID | None = Field(description="Null: of several songs.")
    title: str | None
    day: date | None = Field(description="Null: of several days.")
    listens: int
    listeners: int
    heard_percent: int
    quality: int | None = Field(description="Points on average, of 1000; null: too few were scored to say.")


class AudiencePiece(BaseModel):
    """The same week cut another way: some of its listens by what they were started from, by country, by quality."""

    kind: Kind
    name: str | None = Field(description="Null: all that is too small to stand alone.")
    listens: int
    listeners: int


class AudienceBody(BaseModel):
    """What was published of an artist's week; nothing in it: of that week nothing may be told."""

    week: date
    listeners: int
    parts: list[AudiencePart]
    pieces: list[AudiencePiece]


@router.get("/api/v1/me/listening", policy=SIGNED_IN)
async def show_listening(
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    year: Annotated[int | None, Query(ge=2000, le=2999, description="None: the last four weeks.")] = None,
    most: Annotated[int, Query(ge=1, le=_MOST, description="Of songs and of artists.")] = _SHOWN,
) -> OwnListening:
    """Show one's own figures of listening, while one agrees to be counted; nobody else's address shows them."""
    standing = await own_listening.standing_of(tx, user_id=principal.user_id)
    clock = await analytics.clock_of(tx, user_id=principal.user_id) if standing.given else None
    years, figures = [], None
    if clock is not None:
        years = await analytics.years_of(tx, user_id=principal.user_id)
        stretch = await own_listening.stretch_of(tx, user_id=principal.user_id, clock=clock, year=year, now=now)
        figures = _figures(stretch, most)
    return OwnListening(
        agreed=standing.given,
        version=standing.version,
        since=standing.since,
        time_zone=clock,
        years=years,
        figures=figures,
    )


@router.put("/api/v1/me/listening", policy=SIGNED_IN, status_code=204)
async def begin_listening(body: Agreement, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Agree to be counted, by the text that was read: what one heard so far is counted too."""
    await own_listening.begin(
        tx, user_id=principal.user_id, version=body.version, session_id=principal.session_id, now=now
    )
    return Response(status_code=204)


@router.delete("/api/v1/me/listening", policy=SIGNED_IN, status_code=204)
async def stop_listening(tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Take the agreement back: everything that was counted is deleted at once."""
    await own_listening.stop(tx, user_id=principal.user_id, session_id=principal.session_id, now=now)
    return Response(status_code=204)


@router.get("/api/v1/studio/artists/{artist_id}/audience", policy=SIGNED_IN)
async def list_audience(artist_id: UUID, tx: TxDep, principal: PrincipalDep) -> AudienceWeeks:
    """List the weeks of an artist that one owns or works for, as they were published."""
    await studio_artist(tx, artist_id=artist_id, user_id=principal.user_id)
    weeks = await audience.weeks_of(tx, artist_id=ArtistId(artist_id), limit=_WEEKS)
    return AudienceWeeks(
        items=[AudienceWeek(week=one.week, listens=one.listens, listeners=one.listeners) for one in weeks],
        fewest=audience.FEWEST,
    )


@router.get("/api/v1/studio/artists/{artist_id}/audience/{week}", policy=SIGNED_IN)
async def show_audience(artist_id: UUID, week: date, tx: TxDep, principal: PrincipalDep) -> AudienceBody:
    """Show what was published of a week, by its Monday, of an artist that one owns or works for."""
    artist = (await studio_artist(tx, artist_id=artist_id, user_id=principal.user_id)).artist_id
    found = await audience.audience_of(tx, artist_id=artist, week=week)
    if found is None:
        return AudienceBody(week=week, listeners=0, parts=[], pieces=[])
    known = await catalogue.known_tracks(tx, track_ids=sorted({one.track_id for one in found.parts if one.track_id}))
    return AudienceBody(
        week=week,
        listeners=found.listeners,
        parts=[
            AudiencePart(
                track_id=one.track_id,
                title=known[one.track_id].title if one.track_id in known else None,
                day=one.day,
                listens=one.listens,
                listeners=one.listeners,
                heard_percent=one.heard_percent,
                quality=one.quality,
            )
            for one in found.parts
        ],
        pieces=[
            AudiencePiece(kind=one.kind, name=one.name, listens=one.listens, listeners=one.listeners)
            for one in await audience.pieces_of(tx, artist_id=artist, week=week)
        ],
    )


def _count(one: Count) -> CountBody:
    return CountBody(listens=one.listens, heard_ms=one.heard_ms)


def _figures(stretch: Stretch, most: int) -> ListeningFigures:
    found, (genres, without) = stretch.found, stretch.genres
    return ListeningFigures(
        since=stretch.since,
        until=stretch.until,
        total=_count(found.total),
        songs=len(found.tracks),
        artists=len(found.artists),
        longest_streak=found.streaks.longest,
        current_streak=found.streaks.current,
        days=[DayCount(day=day, listens=one.listens, heard_ms=one.heard_ms) for day, one in found.days],
        months=[DayCount(day=day, listens=one.listens, heard_ms=one.heard_ms) for day, one in found.months],
        hours=[_count(one) for one in found.hours],
        weekdays=[_count(one) for one in found.weekdays],
        top_tracks=_tracks(stretch, most),
        top_artists=_artists(stretch, most),
        genres=[GenreCount(genre=genre, heard_ms=heard_ms) for genre, heard_ms in genres],
        without_genre_ms=without,
    )


def _tracks(stretch: Stretch, most: int) -> list[TrackCount]:
    rows = []
    for track_id, one in stretch.found.tracks[:most]:
        known = stretch.known.get(track_id)
        rows.append(
            TrackCount(
                track_id=track_id,
                title=known.title if known else None,
                artist_name=known.artist_name if known else None,
                listens=one.listens,
                heard_ms=one.heard_ms,
            )
        )
    return rows


def _artists(stretch: Stretch, most: int) -> list[ArtistCount]:
    names = {one.artist_id: one.artist_name for one in stretch.known.values()}
    return [
        ArtistCount(artist_id=artist_id, name=names.get(artist_id), listens=one.listens, heard_ms=one.heard_ms)
        for artist_id, one in stretch.found.artists[:most]
    ]
