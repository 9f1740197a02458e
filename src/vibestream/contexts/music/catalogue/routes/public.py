"""Addresses for listeners: what is public, and an artist's own drafts to themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import Path

from vibestream.contexts.music.catalogue import service
from vibestream.contexts.music.catalogue.routes.views import (
    ReleaseSummary,
    ReleaseView,
    TrackOnReleaseView,
    TrackSummary,
)
from vibestream.contexts.music.catalogue.service import Before, ReleaseCard, TrackCard
from vibestream.kernel.ids import ReleaseId, TrackId, UserId
from vibestream.platform.access import ANYONE, Principal
from vibestream.platform.http.dependencies import MaybePrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, Paging, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["catalogue"])

Handle = Annotated[str, Path(max_length=64, pattern=r"^[\w.-]+$")]


@router.get("/api/v1/releases", policy=ANYONE)
async def list_releases(tx: TxDep, paging: PagingDep) -> Page[ReleaseSummary]:
    """List public releases, the last published first."""
    rows = await service.newest_releases(tx, before=_before(paging), limit=paging.fetch)
    return paging.page(rows, item=ReleaseSummary.of, position=_release_position)


@router.get("/api/v1/releases/{release_id}", policy=ANYONE)
async def show_release(release_id: UUID, tx: TxDep, principal: MaybePrincipalDep) -> ReleaseView:
    """Show a public release with its tracks; its artist sees it wherever it stands."""
    return ReleaseView.of(await service.show_release(tx, release_id=ReleaseId(release_id), viewer=_viewer(principal)))


@router.get("/api/v1/tracks", policy=ANYONE)
async def list_tracks(tx: TxDep, paging: PagingDep) -> Page[TrackSummary]:
    """List public tracks, the last published first."""
    rows = await service.newest_tracks(tx, before=_before(paging), limit=paging.fetch)
    return paging.page(rows, item=TrackSummary.of, position=_track_position)


@router.get("/api/v1/tracks/{track_id}", policy=ANYONE)
async def show_track(track_id: UUID, tx: TxDep, principal: MaybePrincipalDep) -> TrackOnReleaseView:
    """Show a public track on its release; its artist sees it wherever it stands."""
    return TrackOnReleaseView.of(await service.show_track(tx, track_id=TrackId(track_id), viewer=_viewer(principal)))


@router.get("/api/v1/artists/{handle}/releases", policy=ANYONE)
async def list_releases_of_artist(handle: Handle, tx: TxDep, paging: PagingDep) -> Page[ReleaseSummary]:
    """List an artist's public releases, the last published first."""
    rows = await service.newest_releases_of_handle(tx, handle=handle, before=_before(paging), limit=paging.fetch)
    return paging.page(rows, item=ReleaseSummary.of, position=_release_position)


def _viewer(principal: Principal | None) -> UserId | None:
    return None if principal is None else principal.user_id


def _before(paging: Paging) -> Before | None:
    if paging.after is None:
        return None
    # A cursor is signed for its list, so its values are the ones that this list's position has.
    published_at, identifier = paging.after.values
    return Before(cast("datetime", published_at), cast("UUID", identifier))


def _release_position(card: ReleaseCard) -> tuple[datetime, UUID]:
    return cast("datetime", card.published_at), card.release_id


def _track_position(card: TrackCard) -> tuple[datetime, UUID]:
    return card.published_at, card.track_id
