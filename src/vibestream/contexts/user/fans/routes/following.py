"""HTTP of following and blocking: whom one follows, how an artist stands to one, whom one wants nothing of.

Each can be asked for again and changes nothing then, so that no key is needed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field

from vibestream.contexts.user.fans import service
from vibestream.contexts.user.fans.service import Apart, ArtistStanding, Followed
from vibestream.contexts.user.profiles import service as profiles
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["people"])

_READS: Final = SIGNED_IN.for_apps("page:read")


class OwnFollowBody(BaseModel):
    """An artist or a person whom one follows oneself."""

    name: str
    handle: str
    verified: bool = Field(description="Whether a moderator verified the artist; of people never.")
    since: datetime


class FollowingBody(BaseModel):
    """Whether one follows somebody now, and their present handle."""

    handle: str
    following: bool


class StandingOfArtist(BaseModel):
    """How an artist stands to whoever asks."""

    artist_id: UUID
    followers: int
    following: bool
    own: bool = Field(description="Whether whoever asks owns it.")
    verified_at: datetime | None
    can_follow: bool = Field(
        description="Whether there is something to follow: not one's own, and nothing between them."
    )


class BlockBody(BaseModel):
    """Somebody of whom one wants nothing."""

    user_id: UUID
    name: str = Field(description="Empty when they have no page that is open, and are no artist.")
    since: datetime


@router.get("/api/v1/me/follows/artists", policy=_READS)
async def list_own_artists(tx: TxDep, principal: PrincipalDep, paging: PagingDep) -> Page[OwnFollowBody]:
    """List the artists whom one follows, the latest first."""
    after = paging.after_values(datetime, str)
    rows = await service.own_artists(
        tx, user_id=principal.user_id, after=after and (after[0], after[1]), limit=paging.fetch
    )
    return paging.page(rows, item=_own_follow, position=lambda row: (row.since, row.handle))


@router.get("/api/v1/me/follows/people", policy=_READS)
async def list_own_people(tx: TxDep, principal: PrincipalDep, paging: PagingDep) -> Page[OwnFollowBody]:
    """List the people whom one follows, the latest first; not those whose pages are closed now."""
    after = paging.after_values(datetime, str)
    rows = await service.own_people(
        tx, user_id=principal.user_id, after=after and (after[0], after[1]), limit=paging.fetch
    )
    return paging.page(rows, item=_own_follow, position=lambda row: (row.since, row.handle))


@router.put("/api/v1/people/{handle}/follow", policy=SIGNED_IN)
async def follow(handle: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> FollowingBody:
    """Follow a person."""
    present = await service.follow(tx, user_id=principal.user_id, handle=handle, now=now)
    return FollowingBody(handle=present, following=True)


@router.delete("/api/v1/people/{handle}/follow", policy=SIGNED_IN)
async def unfollow(handle: str, tx: TxDep, principal: PrincipalDep) -> FollowingBody:
    """Stop following a person."""
    present = await service.unfollow(tx, user_id=principal.user_id, handle=handle)
    return FollowingBody(handle=present, following=False)


@router.put("/api/v1/artists/{handle}/follow", policy=SIGNED_IN)
async def follow_artist(handle: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> FollowingBody:
    """Follow an artist; not one's own."""
    artist = await service.follow_artist(tx, user_id=principal.user_id, handle=handle, now=now)
    return FollowingBody(handle=artist.handle, following=True)


@router.delete("/api/v1/artists/{handle}/follow", policy=SIGNED_IN)
async def unfollow_artist(handle: str, tx: TxDep, principal: PrincipalDep) -> FollowingBody:
    """Stop following an artist."""
    artist = await service.unfollow_artist(tx, user_id=principal.user_id, handle=handle)
    return FollowingBody(handle=artist.handle, following=False)


@router.get("/api/v1/artists/{artist_id}/standing", policy=ANYONE)
async def show_standing(artist_id: UUID, tx: TxDep, principal: MaybePrincipalDep) -> StandingOfArtist:
    """Show how many follow an artist, since when it is verified, and how it stands to whoever asks."""
    return await _standing(tx, ArtistId(artist_id), principal.user_id if principal else None)


@router.put("/api/v1/people/{handle}/block", policy=SIGNED_IN, status_code=204)
async def block(handle: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Want nothing of a person: neither sees or follows the other, hence 404 when it is asked again."""
    await service.block(tx, user_id=principal.user_id, handle=handle, now=now)
    return Response(status_code=204)


@router.put("/api/v1/artists/{handle}/block", policy=SIGNED_IN, status_code=204)
async def block_artist(handle: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Want nothing of whoever speaks for an artist. What they publish stays public, but neither follows the other."""
    await service.block_artist(tx, user_id=principal.user_id, handle=handle, now=now)
    return Response(status_code=204)


@router.get("/api/v1/me/blocks", policy=SIGNED_IN)
async def list_blocks(tx: TxDep, principal: PrincipalDep, paging: PagingDep) -> Page[BlockBody]:
    """List of whom one wants nothing, the latest first. Nobody learns who blocked them."""
    after = paging.after_values(datetime, UUID)
    rows = await service.blocked(
        tx, user_id=principal.user_id, after=after and (after[0], after[1]), limit=paging.fetch
    )
    return paging.page(rows, item=_block, position=lambda row: (row.since, row.user_id))


@router.delete("/api/v1/me/blocks/{user_id}", policy=SIGNED_IN, status_code=204)
async def unblock(user_id: UUID, tx: TxDep, principal: PrincipalDep) -> Response:
    """Take a block of one's own back; what had been followed is not followed again by itself."""
    await service.unblock(tx, user_id=principal.user_id, blocked_id=UserId(user_id))
    return Response(status_code=204)


async def _standing(tx: Tx, artist_id: ArtistId, viewer: UserId | None) -> StandingOfArtist:
    await profiles.shown_artist(tx, artist_id=artist_id)
    found: ArtistStanding = await service.standing_of(tx, artist_id=artist_id, viewer=viewer)
    return StandingOfArtist(
        artist_id=found.artist_id,
        followers=found.followers,
        following=found.following,
        own=found.own,
        verified_at=found.verified_at,
        can_follow=viewer is not None and not found.own and not found.apart,
    )


def _own_follow(one: Followed) -> OwnFollowBody:
    return OwnFollowBody(name=one.name, handle=one.handle, verified=one.verified, since=one.since)


def _block(one: Apart) -> BlockBody:
    return BlockBody(user_id=one.user_id, name=one.name, since=one.since)
