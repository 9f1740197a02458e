"""Asking for playback: who gets which addresses, and what comes with them."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import httpx2
import pytest

from tests.factories.music import Music, make_music
from tests.factories.users import make_user
from tests.http_client import ClientFor
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.delivery import service
from vibestream.contexts.music.delivery.domain.links import Keyring
from vibestream.contexts.music.packaging.domain.asset import State
from vibestream.contexts.music.packaging.domain.measures import Loudness
from vibestream.kernel.ids import ListenId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx

KEYS = Keyring.of(b"k" * 32)


async def granted(tx: Tx, music: Music, **asked: object) -> service.Playback:
    defaults: dict[str, object] = {"user_id": None, "listen_id": None, "seen": True}
    return await service.grant_playback(
        tx,
        keyring=KEYS,
        track_id=music.track_id,
        now=utc_now(),
        **{**defaults, **asked},  # type: ignore[arg-type]  # by name
    )


async def test_a_player_is_told_all_it_needs(music: Music, database: Database, client_for: ClientFor):
    async with database.begin() as tx:
        fan = await make_user(tx)
        await service.set_quality(tx, user_id=fan.user_id, max_kbps=320, lossless=True, until=None, as_of=utc_now())
    client = await client_for(fan)

    answer = await client.post(f"/api/v1/tracks/{music.track_id}/playback")

    assert answer.status_code == 200
    told = answer.json()
    assert (told["duration_ms"], told["complete"], told["attributed"]) == (30_000, True, False)
    assert (told["gain_db"], told["loudness_lufs"], told["true_peak_dbtp"]) == (-4.5, -9.5, -0.3)
    assert base64.b64decode(told["waveform"]) == bytes([0, 128, 255])
    assert [one["family"] for one in told["masters"]] == ["lossy", "lossless"]
    assert [one["url"].rsplit("/", 1)[1] for one in told["masters"]] == ["master.m3u8", "lossless.m3u8"]
    assert [(one["name"], one["family"], one["bits"]) for one in told["rungs"]] == [
        ("aac-160", "lossy", None),
        ("flac", "lossless", 16),
    ]
    life = datetime.fromisoformat(told["expires_at"]) - utc_now()
    assert timedelta(hours=6) - timedelta(seconds=5) < life <= timedelta(hours=7)
    assert answer.headers["cache-control"] == "no-store"


async def test_everybody_without_a_listen_gets_the_same_address(tx: Tx):
    music = await make_music(tx)

    one, other = await granted(tx, music), await granted(tx, music, user_id=UserId(new_id()))

    assert one.masters == other.masters


async def test_playback_for_a_listen_is_announced_and_has_an_address_of_its_own(tx: Tx):
    music = await make_music(tx)
    listen_id, user_id = ListenId(new_id()), UserId(new_id())

    playback = await granted(tx, music, listen_id=listen_id, user_id=user_id)

    assert playback.attributed
    assert playback.masters != (await granted(tx, music)).masters
    announced = await tx.value("SELECT data FROM platform.outbox WHERE type = 'vibestream.music.playback_granted'")
    assert {name: announced[name] for name in ("listen_id", "track_id", "asset_id", "user_id", "attributed")} == {
        "listen_id": str(listen_id),
        "track_id": str(music.track_id),
        "asset_id": str(music.asset.asset_id),
        "user_id": str(user_id),
        "attributed": True,
    }


async def test_behind_a_cdn_a_listen_shares_everybodys_address_and_nothing_is_concluded_from_it(tx: Tx):
    music = await make_music(tx)

    playback = await granted(tx, music, user_id=UserId(new_id()), listen_id=ListenId(new_id()), seen=False)

    assert not playback.attributed
    assert playback.masters == (await granted(tx, music)).masters
    announced = await tx.value(
        "SELECT data ->> 'attributed' FROM platform.outbox WHERE type = 'vibestream.music.playback_granted'"
    )
    assert announced == "false"


async def test_a_listen_that_somebody_names_who_is_not_signed_in_is_passed_over(tx: Tx):
    music = await make_music(tx)

    playback = await granted(tx, music, listen_id=ListenId(new_id()))

    assert (playback.attributed, playback.masters) == (False, (await granted(tx, music)).masters)
    assert await tx.value("SELECT count(*) FROM platform.outbox WHERE type LIKE '%%playback_granted'") == 0


async def test_a_draft_plays_for_its_artist_and_does_not_exist_for_others(
    database: Database, client: httpx2.AsyncClient, client_for: ClientFor
):
    async with database.begin() as tx:
        music, stranger = await make_music(tx, publish=False), await make_user(tx)
    path = f"/api/v1/tracks/{music.track_id}/playback"

    mine = await (await client_for(music.artist.user)).post(path)

    assert mine.status_code == 200
    assert (await client.post(path)).status_code == 404
    assert (await (await client_for(stranger)).post(path)).status_code == 404


async def test_an_artists_own_draft_is_no_listen(tx: Tx):
    music = await make_music(tx, publish=False)

    playback = await granted(tx, music, user_id=music.artist.user_id, listen_id=ListenId(new_id()))

    assert not playback.attributed
    assert await tx.value("SELECT count(*) FROM platform.outbox WHERE type LIKE '%%playback_granted'") == 0


async def test_what_was_taken_down_is_granted_to_nobody_but_its_artist(tx: Tx):
    music = await make_music(tx)
    await catalogue.take_down_release(
        tx,
        release_id=music.release.release_id,
        user_id=music.artist.user_id,
        version=music.release.version,
        now=utc_now(),
    )

    with pytest.raises(catalogue.TakenDown):
        await granted(tx, music)
    assert (await granted(tx, music, user_id=music.artist.user_id)).masters


@pytest.mark.parametrize("state", [State.WAITING, State.PROBING, State.REFUSED, State.FAILED])
async def test_audio_that_does_not_play_is_not_granted(tx: Tx, state: State):
    music = await make_music(tx, publish=False, state=state)

    with pytest.raises(service.NotPlayableYet) as refused:
        await granted(tx, music, user_id=music.artist.user_id)

    assert refused.value.state == state.value


async def test_a_track_plays_while_it_is_still_being_packaged(tx: Tx):
    music = await make_music(tx, publish=False, state=State.PLAYABLE, rungs=("aac-160",))

    playback = await granted(tx, music, user_id=music.artist.user_id)

    assert (playback.complete, [rung.complete for rung in playback.rungs]) == (False, [False])
    assert len(playback.masters) == 1


async def test_silence_is_played_as_it_is(tx: Tx):
    silence = Loudness(integrated_lufs=None, range_lu=None, true_peak_dbtp=None)
    music = await make_music(tx, loudness=silence)

    assert (await granted(tx, music)).gain_db == 0.0


async def test_nonsense_about_a_listen_is_refused(music: Music, client: httpx2.AsyncClient):
    path = f"/api/v1/tracks/{music.track_id}/playback"

    for body in ({"listen_id": "x"}, {"listen": str(new_id())}, {"listen_id": 7}):
        assert (await client.post(path, json=body)).status_code == 422
    assert (await client.post(f"/api/v1/tracks/{new_id()}/playback")).status_code == 404
