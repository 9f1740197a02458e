"""Listen: the newest releases, an artist, a release, a song."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import Before, Release, ReleaseCard, Track
from vibestream.contexts.music.packaging import service as packaging
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.fans.service import ArtistStanding
from vibestream.contexts.user.pictures.service import Picture
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import Link
from vibestream.kernel.ids import ReleaseId, TrackId, UserId
from vibestream.platform.access import ANYONE, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import MaybePrincipalDep, TxDep
from vibestream.platform.http.pagination import PagingDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.music import ROLES, Card, Song, card_of, cover_url, queue_of, songs_of
from vibestream.web.portraits import Face, banner_of, faces_of
from vibestream.web.rendering import render, shell_of

router = Router(include_in_schema=False)

_OF_ARTIST: Final = 200


@dataclass(frozen=True, slots=True)
class HomeView:
    """The newest releases, and where the older ones begin."""

    cards: tuple[Card, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ArtistView:
    """An artist and what they published."""

    name: str
    handle: str
    bio: str
    links: tuple[Link, ...]
    cards: tuple[Card, ...]
    standing: ArtistStanding
    face: Face
    banner: Picture | None


@dataclass(frozen=True, slots=True)
class RecordView:
    """A release as everybody may see it; the same for one song of it."""

    release_id: UUID
    kind: str
    title: str
    artist: str
    artist_handle: str
    face: Face
    """Of the artist."""
    story: str
    year: str
    cover: str
    songs: tuple[Song, ...]
    queue: list[dict[str, str | int]]
    facts: tuple[tuple[str, str], ...]


@router.get("/", policy=ANYONE)
async def show_home(request: Request, tx: TxDep, paging: PagingDep) -> Response:
    """Show the newest releases."""
    after = paging.after_values(datetime, UUID)
    found = await catalogue.newest_releases(tx, before=None if after is None else Before(*after), limit=paging.fetch)
    page = paging.page(found, item=card_of, position=_position)
    return render(request, "home.html", HomeView(tuple(page.items), page.next_cursor))


@router.get("/artists/{handle}", policy=ANYONE)
async def show_artist(handle: str, request: Request, tx: TxDep, principal: MaybePrincipalDep) -> Response:
    """Show an artist; a former handle leads to the present one."""
    artist = await profiles.artist_by_handle(tx, handle=handle)
    if artist.handle != handle:
        return RedirectResponse(f"/artists/{artist.handle}", HTTPStatus.PERMANENT_REDIRECT)
    found = await catalogue.newest_releases_of(tx, artist_id=artist.artist_id, before=None, limit=_OF_ARTIST)
    cards = tuple(card_of(card, own=True) for card in found)
    standing = await fans.standing_of(tx, artist_id=artist.artist_id, viewer=_viewer(principal))
    view = ArtistView(
        name=artist.name,
        handle=artist.handle,
        bio=artist.bio,
        links=tuple(artist.links),
        cards=cards,
        standing=standing,
        face=await _face(tx, artist.artist_id, artist.name, _viewer(principal)),
        banner=await banner_of(tx, artist.artist_id, viewer=_viewer(principal)),
    )
    return render(request, "artist.html", view)


@router.get("/releases/{release_id}", policy=ANYONE)
async def show_release(release_id: UUID, request: Request, tx: TxDep, principal: MaybePrincipalDep) -> Response:
    """Show a release; its artist sees it as everybody will."""
    release = await catalogue.show_release(tx, release_id=ReleaseId(release_id), viewer=_viewer(principal))
    spoken = shell_of(request).language
    record = await _record(tx, release, viewer=_viewer(principal), facts=_facts(release, spoken))
    return render(request, "release.html", record)


@router.get("/tracks/{track_id}", policy=ANYONE)
async def show_track(track_id: UUID, request: Request, tx: TxDep, principal: MaybePrincipalDep) -> Response:
    """Show one song; the queue is its release."""
    found = await catalogue.show_track(tx, track_id=TrackId(track_id), viewer=_viewer(principal))
    spoken = shell_of(request).language
    facts = _facts(found.release, spoken, track=found.track)
    record = await _record(tx, found.release, viewer=_viewer(principal), facts=facts)
    song = next(song for song in record.songs if song.track_id == track_id)
    return render(request, "track.html", record, song=song)


async def _face(tx: Tx, artist_id: UUID, name: str, viewer: UserId | None) -> Face:
    return (await faces_of(tx, {artist_id: name}, viewer=viewer))[artist_id]


async def _record(tx: Tx, release: Release, *, viewer: UserId | None, facts: tuple[tuple[str, str], ...]) -> RecordView:
    tracks = release.tracks
    assets = await packaging.list_assets(tx, asset_ids=[track.asset_id for track in tracks])
    songs = songs_of(release, tracks, assets)
    day = release.release_date or release.published_at
    return RecordView(
        release_id=release.release_id,
        kind=release.kind.value,
        title=release.title,
        artist=release.artist.name,
        artist_handle=release.artist.handle,
        face=await _face(tx, release.artist.artist_id, release.artist.name, viewer),
        story=release.description,
        year=str(day.year) if day else "",
        cover=cover_url(release.cover, seed=release.release_id),
        songs=songs,
        queue=queue_of(release, songs),
        facts=facts,
    )


def _facts(release: Release, spoken: Language, *, track: Track | None = None) -> tuple[tuple[str, str], ...]:
    """Return what is worth knowing of a record beside its songs, in the reader's words."""
    _ = spoken.gettext
    facts = []
    if release.release_date:
        facts.append((_("Released"), spoken.date(release.release_date)))
    if release.genres:
        facts.append((_("Genre"), ", ".join(release.genres)))
    credits_by_role: dict[str, list[str]] = {}
    for credit in (*(track.credits if track else ()), *release.credits):
        credits_by_role.setdefault(credit.role, []).append(credit.name)
    facts += [(_(ROLES[role]), ", ".join(dict.fromkeys(names))) for role, names in credits_by_role.items()]
    if track is not None and track.isrc:
        facts.append(("ISRC", track.isrc))
    if track is None and release.upc:
        facts.append(("UPC", release.upc))
    return tuple(facts)


def _position(card: ReleaseCard) -> tuple[datetime, UUID]:
    if card.published_at is None:
        raise ValueError(card.release_id)  # the list holds what is public, and that was published at some instant
    return card.published_at, card.release_id


def _viewer(principal: Principal | None) -> UserId | None:
    return principal.user_id if principal else None
