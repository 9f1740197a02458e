"""Addresses for artists and who works for them: drafting, editing, publishing, taking down.

Whoever is signed in may call; everything answers 404 for ids of an artist in whose music they have no part, and 403 to
an analyst who writes. Which it is, is decided by the statements.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, cast
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.music.catalogue import service
from vibestream.contexts.music.catalogue.domain import (
    Credit,
    CreditRole,
    Release,
    ReleaseChanges,
    ReleaseKind,
    TrackChanges,
)
from vibestream.contexts.music.catalogue.routes.views import StudioSummary, StudioView, WorkedForView
from vibestream.contexts.music.catalogue.service import ReleaseCard
from vibestream.kernel.ids import ArtistId, ReleaseId, TrackId, UploadId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["studio"])

_MOST_UPLOADS = 200

Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1, description="The version that this edit was made on.")]
# Bounds against nonsense; the real ones, in characters that remain after cleaning, are the domain's.
LongText = Annotated[str, Field(max_length=20_000)]
ShortText = Annotated[str, Field(max_length=800)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CreditBody(_Body):
    name: ShortText
    role: CreditRole


class NewRelease(_Body):
    kind: ReleaseKind = ReleaseKind.ALBUM
    title: ShortText = ""
    artist_id: UUID | None = Field(None, description="An artist that you own or are an editor of; left out: the first.")


class FromUploads(_Body):
    upload_ids: Annotated[list[UUID], Field(min_length=1, max_length=_MOST_UPLOADS)]
    artist_id: UUID | None = None


class EditRelease(_Body):
    """What is left out stays; null takes away."""

    version: Version
    kind: ReleaseKind = ReleaseKind.ALBUM
    title: ShortText = ""
    description: LongText = ""
    release_date: date | None = None
    language: Annotated[str, Field(max_length=40)] | None = None
    genres: Annotated[list[ShortText], Field(max_length=20)] = []
    upc: Annotated[str, Field(max_length=40)] | None = None
    credits: Annotated[list[CreditBody], Field(max_length=100)] = []


class EditTrack(_Body):
    """What is left out stays; null takes away."""

    version: Version
    title: ShortText = ""
    explicit: Annotated[bool, Field(strict=True)] = False
    isrc: Annotated[str, Field(max_length=40)] | None = None
    credits: Annotated[list[CreditBody], Field(max_length=100)] = []


class AddTracks(_Body):
    version: Version
    upload_ids: Annotated[list[UUID], Field(min_length=1, max_length=_MOST_UPLOADS)]


class Order(_Body):
    version: Version
    discs: Annotated[list[Annotated[list[UUID], Field(max_length=_MOST_UPLOADS)]], Field(max_length=_MOST_UPLOADS)]


class AtVersion(_Body):
    version: Version


AtVersionQuery = Annotated[int, Query(ge=1, le=2**31 - 1, description="The version that this edit was made on.")]


@router.get("/api/v1/studio/artists", policy=SIGNED_IN)
async def list_my_artists(tx: TxDep, principal: PrincipalDep) -> list[WorkedForView]:
    """List the artists that the account owns or works for, and as what."""
    return [WorkedForView.of_part(one) for one in await service.artists_of(tx, user_id=principal.user_id)]


@router.get("/api/v1/studio/releases", policy=SIGNED_IN)
async def list_my_releases(tx: TxDep, principal: PrincipalDep, paging: PagingDep) -> Page[StudioSummary]:
    """List the releases of artists that the account owns or works for, wherever they stand, the last begun first."""
    after = paging.after_values(UUID)
    before = None if after is None else ReleaseId(after[0])
    rows = await service.my_releases(tx, user_id=principal.user_id, before=before, limit=paging.fetch)
    return paging.page(rows, item=StudioSummary.of, position=_position)


@router.post("/api/v1/studio/releases", policy=SIGNED_IN, status_code=201)
async def create_release(body: NewRelease, tx: TxDep, principal: PrincipalDep, now: NowDep) -> StudioView:
    """Begin an empty release."""
    release = await service.create_draft(
        tx,
        user_id=principal.user_id,
        artist_id=None if body.artist_id is None else ArtistId(body.artist_id),
        kind=body.kind,
        title=body.title,
        now=now,
        awaited=principal.holds("artist"),
    )
    return await _studio(tx, release)


@router.post("/api/v1/studio/releases/from-uploads", policy=SIGNED_IN, status_code=201)
async def create_release_from_uploads(body: FromUploads, tx: TxDep, principal: PrincipalDep, now: NowDep) -> StudioView:
    """Begin a release out of finished uploads: what their tags say, else what their file names say."""
    release = await service.draft_from_uploads(
        tx,
        user_id=principal.user_id,
        artist_id=None if body.artist_id is None else ArtistId(body.artist_id),
        upload_ids=[UploadId(one) for one in body.upload_ids],
        now=now,
        awaited=principal.holds("artist"),
    )
    return await _studio(tx, release)


@router.get("/api/v1/studio/releases/{release_id}", policy=SIGNED_IN)
async def show_my_release(release_id: UUID, tx: TxDep, principal: PrincipalDep) -> StudioView:
    """Show a release of an artist that one owns or works for, how far its audio is, and what publishing it needs."""
    return StudioView.of(await service.studio_release(tx, release_id=ReleaseId(release_id), user_id=principal.user_id))


@router.patch("/api/v1/studio/releases/{release_id}", policy=SIGNED_IN)
async def edit_release(
    release_id: UUID, body: EditRelease, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> StudioView:
    """Change what a release says of itself, public or not."""
    given = {name: getattr(body, name) for name in body.model_fields_set - {"version"}}
    if "credits" in given:
        given["credits"] = _credits(body.credits)
    if "genres" in given:
        given["genres"] = tuple(body.genres)
    release = await service.edit_release(
        tx,
        release_id=ReleaseId(release_id),
        user_id=principal.user_id,
        changes=cast("ReleaseChanges", given),
        version=body.version,
        now=now,
    )
    return await _studio(tx, release)


@router.delete("/api/v1/studio/releases/{release_id}", policy=SIGNED_IN, status_code=204)
async def delete_release(release_id: UUID, version: AtVersionQuery, tx: TxDep, principal: PrincipalDep) -> None:
    """Delete a release that was never public."""
    await service.delete_draft(tx, release_id=ReleaseId(release_id), user_id=principal.user_id, version=version)


@router.post("/api/v1/studio/releases/{release_id}/publish", policy=SIGNED_IN)
async def publish_release(
    release_id: UUID, body: AtVersion, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> StudioView:
    """Make a release public; refused with everything that is missing."""
    release = await service.publish_release(
        tx, release_id=ReleaseId(release_id), user_id=principal.user_id, version=body.version, now=now
    )
    return await _studio(tx, release)


@router.post("/api/v1/studio/releases/{release_id}/take-down", policy=SIGNED_IN)
async def take_down_release(
    release_id: UUID, body: AtVersion, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> StudioView:
    """Withdraw a public release; it can be published again."""
    release = await service.take_down_release(
        tx, release_id=ReleaseId(release_id), user_id=principal.user_id, version=body.version, now=now
    )
    return await _studio(tx, release)


@router.post("/api/v1/studio/releases/{release_id}/tracks", policy=SIGNED_IN)
async def add_tracks(release_id: UUID, body: AddTracks, tx: TxDep, principal: PrincipalDep, now: NowDep) -> StudioView:
    """Put finished uploads at the end of a release that is not public."""
    release = await service.add_uploads(
        tx,
        release_id=ReleaseId(release_id),
        user_id=principal.user_id,
        upload_ids=[UploadId(one) for one in body.upload_ids],
        version=body.version,
        now=now,
    )
    return await _studio(tx, release)


@router.put("/api/v1/studio/releases/{release_id}/order", policy=SIGNED_IN)
async def reorder_tracks(release_id: UUID, body: Order, tx: TxDep, principal: PrincipalDep, now: NowDep) -> StudioView:
    """Give a release another order of tracks: a list of track ids per disc."""
    release = await service.reorder_tracks(
        tx,
        release_id=ReleaseId(release_id),
        user_id=principal.user_id,
        discs=[[TrackId(one) for one in disc] for disc in body.discs],
        version=body.version,
        now=now,
    )
    return await _studio(tx, release)


@router.patch("/api/v1/studio/releases/{release_id}/tracks/{track_id}", policy=SIGNED_IN)
async def edit_track(
    *, release_id: UUID, track_id: UUID, body: EditTrack, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> StudioView:
    """Change what a track says of itself, public or not."""
    given = {name: getattr(body, name) for name in body.model_fields_set - {"version"}}
    if "credits" in given:
        given["credits"] = _credits(body.credits)
    release = await service.edit_track(
        tx,
        release_id=ReleaseId(release_id),
        track_id=TrackId(track_id),
        user_id=principal.user_id,
        changes=cast("TrackChanges", given),
        version=body.version,
        now=now,
    )
    return await _studio(tx, release)


@router.delete("/api/v1/studio/releases/{release_id}/tracks/{track_id}", policy=SIGNED_IN)
async def remove_track(
    *, release_id: UUID, track_id: UUID, version: AtVersionQuery, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> StudioView:
    """Take a track that was never public off a release."""
    release = await service.remove_track(
        tx,
        release_id=ReleaseId(release_id),
        track_id=TrackId(track_id),
        user_id=principal.user_id,
        version=version,
        now=now,
    )
    return await _studio(tx, release)


@router.post("/api/v1/studio/releases/{release_id}/tracks/{track_id}/withdraw", policy=SIGNED_IN)
async def withdraw_track(
    *, release_id: UUID, track_id: UUID, body: AtVersion, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> StudioView:
    """Withdraw one track of a public release; the others stay."""
    release = await service.withdraw_track(
        tx,
        release_id=ReleaseId(release_id),
        track_id=TrackId(track_id),
        user_id=principal.user_id,
        version=body.version,
        now=now,
    )
    return await _studio(tx, release)


@router.post("/api/v1/studio/releases/{release_id}/tracks/{track_id}/restore", policy=SIGNED_IN)
async def restore_track(
    *, release_id: UUID, track_id: UUID, body: AtVersion, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> StudioView:
    """Give back a track that was withdrawn by itself."""
    release = await service.restore_track(
        tx,
        release_id=ReleaseId(release_id),
        track_id=TrackId(track_id),
        user_id=principal.user_id,
        version=body.version,
        now=now,
    )
    return await _studio(tx, release)


def _credits(given: list[CreditBody]) -> tuple[Credit, ...]:
    return tuple(Credit(one.name, one.role) for one in given)


def _position(card: ReleaseCard) -> tuple[UUID]:
    return (card.release_id,)


async def _studio(tx: Tx, release: Release) -> StudioView:
    return StudioView.of(await service.in_studio(tx, release=release))
