"""Addresses for covers: the artist's own picture, sent as the body of a request."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from vibestream.contexts.music.catalogue import service
from vibestream.contexts.music.catalogue.routes.views import StudioView
from vibestream.kernel.ids import ReleaseId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.media.pictures import MAX_PICTURE_BYTES

router = Router(tags=["studio"])

AtVersionQuery = Annotated[int, Query(ge=1, le=2**31 - 1, description="The version that this edit was made on.")]


@router.put(
    "/api/v1/studio/releases/{release_id}/cover",
    policy=SIGNED_IN,
    max_body_bytes=MAX_PICTURE_BYTES,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("image/jpeg", "image/png", "image/webp")
            },
        }
    },
)
async def upload_cover(
    *,
    release_id: UUID,
    version: AtVersionQuery,
    request: Request,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
) -> StudioView:
    """Give a release a cover: a JPEG, PNG or WebP picture of at most 20 MB as the body."""
    release = await service.upload_cover(
        runtime,
        release_id=ReleaseId(release_id),
        user_id=principal.user_id,
        version=version,
        picture=request.stream(),
        now=now,
    )
    async with runtime.database.begin() as tx:
        return StudioView.of(await service.in_studio(tx, release=release))


@router.delete("/api/v1/studio/releases/{release_id}/cover", policy=SIGNED_IN)
async def remove_cover(
    release_id: UUID, version: AtVersionQuery, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> StudioView:
    """Take the cover away."""
    release = await service.set_cover(
        tx, release_id=ReleaseId(release_id), user_id=principal.user_id, cover=(), version=version, now=now
    )
    return StudioView.of(await service.in_studio(tx, release=release))
