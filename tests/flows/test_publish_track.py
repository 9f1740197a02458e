"""A published track can be listened to, one that was taken down cannot, over the real bus."""

from __future__ import annotations

import pytest

from tests.factories.bus import drain, registered
from tests.factories.listen_reward import GENEROUS
from tests.factories.music import Music, make_music
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.domain import Release
from vibestream.flows.publish_track import SUBSCRIPTIONS
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers


async def open_listen(database: Database, music: Music) -> listening.Listen:
    async with database.begin() as tx:
        return await listening.open_listen(
            tx,
            user_id=UserId(new_id()),
            track_id=music.track_id,
            player_id="tab-1",
            policy=GENEROUS,
            now=utc_now(),
        )


async def take_down(database: Database, release: Release) -> Release:
    async with database.begin() as tx:
        return await catalogue.take_down_release(
            tx,
            release_id=release.release_id,
            user_id=release.artist.owner_user_id,
            version=release.version,
            now=utc_now(),
        )


async def test_a_track_can_be_listened_to_exactly_while_it_is_public(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        music = await make_music(tx, duration_ms=187_000)
    with pytest.raises(listening.TrackNotPlayable):
        await open_listen(database, music)

    await drain(database, consumers)
    listen = await open_listen(database, music)
    assert (listen.track.track_id, listen.track.duration_ms) == (music.track_id, 187_000)
    assert (listen.track.artist_id, listen.track.owner_user_id) == (music.artist.artist_id, music.artist.user_id)

    down = await take_down(database, music.release)
    await drain(database, consumers)
    with pytest.raises(listening.TrackNotPlayable):
        await open_listen(database, music)

    async with database.begin() as tx:
        await catalogue.publish_release(
            tx,
            release_id=down.release_id,
            user_id=music.artist.user_id,
            version=down.version,
            now=utc_now(),
        )
    await drain(database, consumers)
    assert (await open_listen(database, music)).track.track_id == music.track_id


async def test_news_that_arrive_together_end_where_the_last_one_says(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        music = await make_music(tx)
    await take_down(database, music.release)

    await drain(database, consumers)
    await drain(database, consumers)

    with pytest.raises(listening.TrackNotPlayable):
        await open_listen(database, music)
