"""Addresses for listeners: what is public, and an artist's own drafts to themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

import msgspec
from fastapi import Path, Response

from vibestream.contexts.music.catalogue import service
from vibestream.contexts.music.catalogue.routes.views import (
    ReleaseSummary,
    ReleaseView,
    TrackOnReleaseView,
    TrackSummary,
    release_item,
    track_item,
)
from vibestream.contexts.music.catalogue.service import Before, ReleaseCard, TrackCard
from vibestream.kernel.ids import ReleaseId, TrackId, UserId
from vibestream.platform.access import ANYONE, Principal
from vibestream.platform.http.dependencies import MaybePrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, Paging, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["catalogue"])

Handle = Annotated[str, Path(max_length=64, pattern=r"^[\w.-]+$")]
Card = TypeVar("Card")


@router.get("/api/v1/releases", policy=ANYONE, response_model=Page[ReleaseSummary])
async def list_releases(tx: TxDep, paging: PagingDep) -> Response:
    """List public releases, the last published first."""
    rows = await service.newest_releases(tx, before=_before(paging), limit=paging.fetch)
    return _listed(paging, rows, item=release_item, position=_release_position)


@router.get("/api/v1/releases/{release_id}", policy=ANYONE, conditional=True)
async def show_release(release_id: UUID, tx: TxDep, principal: MaybePrincipalDep) -> ReleaseView:
    """Show a public release with its tracks; its artist sees it wherever it stands."""
    return ReleaseView.of(await service.show_release(tx, release_id=ReleaseId(release_id), viewer=_viewer(principal)))


@router.get("/api/v1/tracks", policy=ANYONE, response_model=Page[TrackSummary])
async def list_tracks(tx: TxDep, paging: PagingDep) -> Response:
    """List public tracks, the last published first."""
    rows = await service.newest_tracks(tx, before=_before(paging), limit=paging.fetch)
    return _listed(paging, rows, item=track_item, position=_track_position)


@router.get("/api/v1/tracks/{track_id}", policy=ANYONE, conditional=True)
async def show_track(track_id: UUID, tx: TxDep, principal: MaybePrincipalDep) -> TrackOnReleaseView:
    """Show a public track on its release; its artist sees it wherever it stands."""
    return TrackOnReleaseView.of(await service.show_track(tx, track_id=TrackId(track_id), viewer=_viewer(principal)))


@router.get("/api/v1/artists/{handle}/releases", policy=ANYONE, response_model=Page[ReleaseSummary])
async def list_releases_of_artist(handle: Handle, tx: TxDep, paging: PagingDep) -> Response:
    """List an artist's public releases, the last published first."""
    rows = await service.newest_releases_of_handle(tx, handle=handle, before=_before(paging), limit=paging.fetch)
    return _listed(paging, rows, item=release_item, position=_release_position)


def _listed(
    paging: Paging,
    rows: Sequence[Card],
    *,
    item: Callable[[Card], dict[str, object]],
    position: Callable[[Card], tuple[datetime, UUID]],
) -> Response:
    page: Page[Any] = paging.page(rows, item=item, position=position)
    body = msgspec.json.encode({"items": page.items, "next_cursor": page.next_cursor})
    return Response(body, media_type="application/json")


def _viewer(principal: Principal | None) -> UserId | None:
    return None if principal is None else principal.user_id


def _before(paging: Paging) -> Before | None:
    after = paging.after_values(datetime, UUID)
    return None if after is None else Before(*after)


def _release_position(card: ReleaseCard) -> tuple[datetime, UUID]:
    return cast("datetime", card.published_at), card.release_id  # what is listed was published


def _track_position(card: TrackCard) -> tuple[datetime, UUID]:
    return card.published_at, card.track_id
