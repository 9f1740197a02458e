"""What packaging hears in a master shapes drafts and withdraws what is unfit, over the real bus."""

from __future__ import annotations

from tests.factories.bus import announce, drain, registered
from tests.factories.music import make_music
from tests.factories.music_assets import make_asset, read_master
from tests.factories.users import make_artist
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.domain import By, Stage
from vibestream.contexts.music.events import AssetPlayable, AssetReady, AssetRefused
from vibestream.contexts.music.packaging.domain.asset import State
from vibestream.contexts.music.packaging.domain.tags import Tags
from vibestream.flows.hear_masters import SUBSCRIPTIONS
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers


async def test_a_draft_takes_over_the_tags_once_they_are_read(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        artist = await make_artist(tx)
        await catalogue.register_artist(
            tx,
            artist_id=artist.artist_id,
            owner_user_id=artist.user_id,
            name=artist.name,
            handle=artist.handle,
            as_of=utc_now(),
        )
        made = await make_asset(tx, user_id=artist.user_id, file_name="take7.flac", state=State.WAITING)
        draft = await catalogue.draft_from_uploads(
            tx, user_id=artist.user_id, artist_id=None, upload_ids=[made.upload_id], now=utc_now()
        )
        await read_master(tx, made, tags=Tags(title="Nebula"))

    playable = AssetPlayable(occurred_at=utc_now(), asset_id=made.asset_id, user_ids=(artist.user_id,))
    ready = AssetReady(occurred_at=utc_now(), asset_id=made.asset_id, user_ids=(artist.user_id,), duration_ms=200_000)
    await announce(database, playable, ready)
    await drain(database, consumers)

    async with database.begin() as tx:
        shaped = await catalogue.show_release(tx, release_id=draft.release_id, viewer=artist.user_id)
    assert (shaped.tracks[0].title, shaped.version) == ("Nebula", draft.version + 1)


async def test_a_public_track_of_a_master_that_turned_out_unfit_is_withdrawn_once(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        music = await make_music(tx, titles=("Nebula", "Quasar"), state=State.PLAYABLE)

    for _ in range(2):
        refused = AssetRefused(
            occurred_at=utc_now(),
            asset_id=music.asset.asset_id,
            user_ids=(music.artist.user_id,),
            reason="truncated",
        )
        await announce(database, refused)
        await drain(database, consumers)

    async with database.begin() as tx:
        release = await catalogue.show_release(tx, release_id=music.release.release_id, viewer=music.artist.user_id)
        withdrawn = await catalogue.withdrawn_assets(tx, since=music.release.created_at)
        told = await tx.value("SELECT count(*) FROM platform.outbox WHERE type = 'vibestream.music.track_taken_down'")
    assert (release.stage, [track.withdrawn_by for track in release.tracks]) == (Stage.PUBLISHED, [By.AUDIO, None])
    assert (withdrawn, told) == ([music.asset.asset_id], 1)
