"""Following artists and people, and blocking: each can be asked for again and changes nothing then.

Following waits for a block of the same two people that is under way, and the other way round: no follow outlives a block.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.fans.domain import (
    MOST_FOLLOWED,
    Apart,
    ArtistStanding,
    FanMissing,
    FollowsExhausted,
    OwnPage,
)
from vibestream.contexts.user.fans.service.pages import seen
from vibestream.contexts.user.fans.store import follows
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistMissing, ArtistProfile
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx


async def follow(tx: Tx, *, user_id: UserId, handle: str, now: datetime) -> str:
    """Follow the person that a handle leads to, and return their present handle.

    Raises:
        FanMissing: as `seen`.
        OwnPage: it is they themselves.
        FollowsExhausted: they follow as many people as allowed.
    """
    page = await seen(tx, handle=handle, viewer=user_id)
    if page.user_id == user_id:
        raise OwnPage
    await follows.share_pair(tx, one=user_id, other=page.user_id)
    if not await follows.add_fan(tx, follower=user_id, fan_id=page.user_id, most=MOST_FOLLOWED, now=now):
        await seen(tx, handle=handle, viewer=user_id)  # refused now, because it was closed or blocked meanwhile
        raise FollowsExhausted
    return page.handle


async def unfollow(tx: Tx, *, user_id: UserId, handle: str) -> str:
    """Stop following the person that a handle leads to, and return their present handle.

    Raises:
        FanMissing: as `seen`.
    """
    page = await seen(tx, handle=handle, viewer=user_id)
    await follows.drop_fan(tx, follower=user_id, fan_id=page.user_id)
    return page.handle


async def follow_artist(tx: Tx, *, user_id: UserId, handle: str, now: datetime) -> ArtistProfile:
    """Follow an artist and return it; not one's own.

    Raises:
        ArtistMissing: there is none, or one of the two blocked the other.
        OwnPage: they speak for it themselves.
        FollowsExhausted: they follow as many artists as allowed.
    """
    artist = await profiles.artist_by_handle(tx, handle=handle)
    if artist.user_id == user_id:
        raise OwnPage
    await follows.share_pair(tx, one=user_id, other=artist.user_id)
    followed = await follows.add_artist(tx, follower=user_id, artist_id=artist.artist_id, most=MOST_FOLLOWED, now=now)
    if not followed:
        if (await standing_of(tx, artist_id=artist.artist_id, viewer=user_id)).apart:
            raise ArtistMissing("There is no such artist.")
        raise FollowsExhausted
    return artist


async def unfollow_artist(tx: Tx, *, user_id: UserId, handle: str) -> ArtistProfile:
    """Stop following an artist and return it.

    Raises:
        ArtistMissing: there is none.
    """
    artist = await profiles.artist_by_handle(tx, handle=handle)
    await follows.drop_artist(tx, follower=user_id, artist_id=artist.artist_id)
    return artist


async def standing_of(tx: Tx, *, artist_id: ArtistId, viewer: UserId | None) -> ArtistStanding:
    """Return how an artist stands to a viewer; None: nobody is signed in.

    Raises:
        ArtistMissing: there is none.
    """
    found = await follows.load_standing(tx, artist_id=artist_id, viewer=viewer)
    if found is None:
        raise ArtistMissing("There is no such artist.")
    return found


async def block(tx: Tx, *, user_id: UserId, handle: str, now: datetime) -> None:
    """Want nothing of the person that a handle leads to: neither sees or follows the other from now on.

    Raises:
        FanMissing: as `seen`.
        OwnPage: it is they themselves.
    """
    page = await seen(tx, handle=handle, viewer=user_id)
    await _block(tx, user_id, page.user_id, now)


async def block_artist(tx: Tx, *, user_id: UserId, handle: str, now: datetime) -> None:
    """Want nothing of whoever speaks for an artist. What they publish stays public, but neither follows the other.

    Raises:
        ArtistMissing: there is none.
        OwnPage: it is they themselves.
    """
    artist = await profiles.artist_by_handle(tx, handle=handle)
    await _block(tx, user_id, artist.user_id, now)


async def unblock(tx: Tx, *, user_id: UserId, blocked_id: UserId) -> None:
    """Take a block of one's own back; what had been followed is not followed again by itself.

    Raises:
        FanMissing: they did not block this account.
    """
    if not await follows.drop_block(tx, blocker=user_id, blocked=blocked_id):
        raise FanMissing


async def blocked(
    tx: Tx, *, user_id: UserId, after: tuple[datetime, UUID] | None = None, limit: int | None = None
) -> list[Apart]:
    """Return whom somebody blocked, the latest first, all unless a limit is given. Nobody learns who blocked them.

    `after` is since when the last one shown is blocked, and their id.
    """
    return await follows.list_blocks(tx, blocker=user_id, after=after, limit=limit)


async def _block(tx: Tx, user_id: UserId, other: UserId, now: datetime) -> None:
    if other == user_id:
        raise OwnPage
    await follows.lock_pair(tx, one=user_id, other=other)
    await follows.add_block(tx, blocker=user_id, blocked=other, now=now)
