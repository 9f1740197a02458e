"""Following and blocking: who is apart sees nothing of the other, and no follow outlives a block."""

from __future__ import annotations

import asyncio

import pytest

from tests.contexts.user.fans.conftest import make_fan
from tests.factories.users import MADE_AT, make_artist, make_user
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.fans.personal import PERSONAL
from vibestream.contexts.user.fans.service import FanMissing, OwnPage
from vibestream.contexts.user.profiles.service import ArtistMissing
from vibestream.kernel.ids import ArtistId, UserId, new_id
from vibestream.platform.database import Database, Tx


async def listed(tx: Tx, handle: str, viewer: UserId | None) -> list[str]:
    view = await fans.page_of(tx, page=await fans.seen(tx, handle=handle, viewer=viewer), viewer=viewer)
    return [one.handle for one in (*view.artists, *view.people)]


async def test_an_artist_is_followed_and_not_any_more(tx: Tx):
    artist, (me, handle) = await make_artist(tx), await make_fan(tx)
    for _ in range(2):
        await fans.follow_artist(tx, user_id=me.user_id, handle=artist.handle, now=MADE_AT)
    standing = await fans.standing_of(tx, artist_id=artist.artist_id, viewer=me.user_id)
    assert (standing.followers, standing.following, standing.own, standing.apart) == (1, True, False, False)
    assert await listed(tx, handle, None) == [artist.handle]
    for _ in range(2):
        await fans.unfollow_artist(tx, user_id=me.user_id, handle=artist.handle)
    standing = await fans.standing_of(tx, artist_id=artist.artist_id, viewer=None)
    assert (standing.followers, standing.following, standing.own) == (0, False, False)


async def test_nobody_follows_or_blocks_themselves(tx: Tx):
    artist = await make_artist(tx)
    me, handle = await make_fan(tx)
    with pytest.raises(OwnPage):
        await fans.follow_artist(tx, user_id=artist.user_id, handle=artist.handle, now=MADE_AT)
    for act in (fans.follow, fans.block):
        with pytest.raises(OwnPage):
            await act(tx, user_id=me.user_id, handle=handle, now=MADE_AT)
    with pytest.raises(OwnPage):
        await fans.block_artist(tx, user_id=artist.user_id, handle=artist.handle, now=MADE_AT)


async def test_who_is_not_there_cannot_be_followed(tx: Tx):
    me = await make_user(tx)
    for handle in ("nobody-of-this-name", "%", "_", "a' OR 1=1", "x" * 5_000):
        with pytest.raises(FanMissing):
            await fans.follow(tx, user_id=me.user_id, handle=handle, now=MADE_AT)
        with pytest.raises(ArtistMissing):
            await fans.follow_artist(tx, user_id=me.user_id, handle=handle, now=MADE_AT)
    with pytest.raises(ArtistMissing):
        await fans.standing_of(tx, artist_id=ArtistId(new_id()), viewer=None)


async def test_a_block_ends_both_follows_and_hides_each_from_the_other(tx: Tx):
    (ana, ana_handle), (leo, leo_handle) = await make_fan(tx), await make_fan(tx)
    await fans.follow(tx, user_id=ana.user_id, handle=leo_handle, now=MADE_AT)
    await fans.follow(tx, user_id=leo.user_id, handle=ana_handle, now=MADE_AT)
    await fans.block(tx, user_id=ana.user_id, handle=leo_handle, now=MADE_AT)

    for me, other in ((ana, leo_handle), (leo, ana_handle)):
        with pytest.raises(FanMissing):
            await fans.seen(tx, handle=other, viewer=me.user_id)
        with pytest.raises(FanMissing):
            await fans.follow(tx, user_id=me.user_id, handle=other, now=MADE_AT)
    assert await tx.value("SELECT count(*) FROM users.fan_follow WHERE follower_id IN (%s, %s)", [ana.user_id, leo.user_id]) == 0  # fmt: skip
    assert (await fans.seen(tx, handle=leo_handle, viewer=None)).user_id == leo.user_id
    assert [one.user_id for one in await fans.blocked(tx, user_id=ana.user_id)] == [leo.user_id]
    assert await fans.blocked(tx, user_id=leo.user_id) == []


async def test_who_is_apart_is_in_no_third_ones_list_for_them(tx: Tx):
    (ana, _), (leo, leo_handle), (mar, mar_handle) = await make_fan(tx), await make_fan(tx), await make_fan(tx)
    artist = await make_artist(tx, user=leo)
    await fans.follow(tx, user_id=mar.user_id, handle=leo_handle, now=MADE_AT)
    await fans.follow_artist(tx, user_id=mar.user_id, handle=artist.handle, now=MADE_AT)
    assert sorted(await listed(tx, mar_handle, ana.user_id)) == sorted([leo_handle, artist.handle])
    await fans.block(tx, user_id=leo.user_id, handle=(await fans.own_page(tx, user_id=ana.user_id)).handle, now=MADE_AT)  # type: ignore[union-attr]
    assert await listed(tx, mar_handle, ana.user_id) == []
    assert len(await listed(tx, mar_handle, None)) == 2


async def test_blocking_an_artist_ends_following_it_and_only_whoever_did_takes_it_back(tx: Tx):
    artist, (me, _) = await make_artist(tx), await make_fan(tx)
    await fans.follow_artist(tx, user_id=me.user_id, handle=artist.handle, now=MADE_AT)
    await fans.block_artist(tx, user_id=me.user_id, handle=artist.handle, now=MADE_AT)
    standing = await fans.standing_of(tx, artist_id=artist.artist_id, viewer=me.user_id)
    assert (standing.followers, standing.following, standing.apart) == (0, False, True)
    with pytest.raises(ArtistMissing):
        await fans.follow_artist(tx, user_id=me.user_id, handle=artist.handle, now=MADE_AT)
    with pytest.raises(FanMissing):
        await fans.unblock(tx, user_id=artist.user_id, blocked_id=me.user_id)
    assert [one.name for one in await fans.blocked(tx, user_id=me.user_id)] == [f"{artist.name} @{artist.handle}"]
    await fans.unblock(tx, user_id=me.user_id, blocked_id=artist.user_id)
    await fans.follow_artist(tx, user_id=me.user_id, handle=artist.handle, now=MADE_AT)


async def test_no_follow_outlives_a_block_that_came_at_the_same_moment(database: Database):
    async with database.begin() as tx:
        pairs = [(await make_fan(tx), await make_fan(tx)) for _ in range(8)]

    async def follows(me: UserId, other: str) -> None:
        try:
            async with database.begin() as tx:
                await fans.follow(tx, user_id=me, handle=other, now=MADE_AT)
        except FanMissing:
            return

    async def blocks(me: UserId, other: str) -> None:
        async with database.begin() as tx:
            await fans.block(tx, user_id=me, handle=other, now=MADE_AT)

    await asyncio.gather(
        *(follows(one.user_id, other_handle) for (one, _), (_, other_handle) in pairs),
        *(blocks(other.user_id, one_handle) for (_, one_handle), (other, _) in pairs),
    )
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.block") == 8
        assert await tx.value("SELECT count(*) FROM users.fan_follow") == 0


async def test_what_is_told_is_ones_own_and_nothing_of_who_blocked_them(tx: Tx):
    (ana, ana_handle), (leo, leo_handle) = await make_fan(tx), await make_fan(tx)
    artist = await make_artist(tx)
    await fans.follow_artist(tx, user_id=ana.user_id, handle=artist.handle, now=MADE_AT)
    await fans.follow(tx, user_id=leo.user_id, handle=ana_handle, now=MADE_AT)
    told = str(await PERSONAL.export(tx, ana.user_id))
    assert str(artist.artist_id) in told
    assert str(leo.user_id) not in told
    await fans.block(tx, user_id=leo.user_id, handle=ana_handle, now=MADE_AT)
    assert str(leo.user_id) not in str(await PERSONAL.export(tx, ana.user_id))
    await PERSONAL.erase(tx, ana.user_id)
    assert await PERSONAL.export(tx, ana.user_id) == []
    assert await fans.blocked(tx, user_id=leo.user_id) == []
    assert leo_handle in str(await PERSONAL.export(tx, leo.user_id))
