"""HTTP for artists: become one, change it, see one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.profiles import service
from vibestream.contexts.user.profiles.service import ArtistProfile
from vibestream.kernel.ids import ArtistId
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["artists"])

_BODY_BYTES: Final = 64 * 1024
Name = Annotated[str, Field(min_length=1, max_length=320)]
HandleText = Annotated[str, Field(min_length=1, max_length=120)]
Bio = Annotated[str, Field(max_length=16_000)]


class LinkBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    label: Annotated[str, Field(min_length=1, max_length=160)]
    url: Annotated[str, Field(min_length=1, max_length=500)]


Links = Annotated[list[LinkBody], Field(max_length=10)]


class BecomeArtist(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    handle: HandleText
    bio: Bio = ""
    links: Links = []


class ChangeArtist(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name | None = None
    handle: HandleText | None = None
    bio: Bio | None = None
    links: Links | None = None


class ArtistView(BaseModel):
    """An artist as everybody sees it."""

    artist_id: UUID
    name: str
    handle: str
    bio: str
    links: list[LinkBody]
    created_at: datetime


@router.post("/api/v1/artists", policy=SIGNED_IN, status_code=201, max_body_bytes=_BODY_BYTES)
async def become_artist(body: BecomeArtist, tx: TxDep, principal: PrincipalDep, now: NowDep) -> ArtistView:
    """Make an artist profile; the account becomes an artist."""
    profile = await service.become_artist(
        tx,
        user_id=principal.user_id,
        name=body.name,
        handle=body.handle,
        bio=body.bio,
        links=[(link.label, link.url) for link in body.links],
        now=now,
    )
    return _view(profile)


@router.get("/api/v1/artists/{artist_id}", policy=ANYONE, conditional=True)
async def show_artist(artist_id: UUID, tx: TxDep) -> ArtistView:
    """Show an artist."""
    return _view(await service.shown_artist(tx, artist_id=ArtistId(artist_id)))


@router.patch("/api/v1/artists/{artist_id}", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES)
async def change_artist(
    artist_id: UUID, body: ChangeArtist, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> ArtistView:
    """Change an artist profile that one owns, or, but for name and handle, edits; what is left out stays."""
    profile = await service.change_artist(
        tx,
        artist_id=ArtistId(artist_id),
        user_id=principal.user_id,
        now=now,
        name=body.name,
        handle=body.handle,
        bio=body.bio,
        links=None if body.links is None else [(link.label, link.url) for link in body.links],
    )
    return _view(profile)


def _view(profile: ArtistProfile) -> ArtistView:
    return ArtistView(
        artist_id=profile.artist_id,
        name=profile.name,
        handle=profile.handle,
        bio=profile.bio,
        links=[LinkBody(label=link.label, url=link.url) for link in profile.links],
        created_at=profile.created_at,
    )
