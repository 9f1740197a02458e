"""What a listener may hear: in the play answer, in the master playlist, and in what an address opens."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import pytest

from tests.factories.music import Music, folder, make_music, masters
from tests.factories.music_assets import put_objects
from tests.factories.users import User, make_user
from tests.http_client import ClientFor
from vibestream.contexts.music.delivery import service
from vibestream.contexts.music.delivery.domain.links import Keyring, LinkForged, ToAnybody, ToListen, sign, verify
from vibestream.contexts.music.delivery.domain.quality import Quality, within, without_better
from vibestream.contexts.music.delivery.service import EVERYBODYS
from vibestream.kernel.ids import ListenId, TrackId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime

NOW = utc_now()
HOUR = timedelta(hours=1)
KEYS = Keyring.of(b"k" * 32)
PREFIX = f"a/{'0' * 64}/"
EXPIRES = 2_000_000_000
MASTER = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=170000,AVERAGE-BANDWIDTH=160000,CODECS="mp4a.40.2"
aac-160/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=100000,AVERAGE-BANDWIDTH=96000,CODECS="mp4a.40.2"
aac-96.2/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=330000,AVERAGE-BANDWIDTH=320000,CODECS="mp4a.40.2"
aac-320/index.m3u8
"""


@pytest.fixture
async def ladder(database: Database, runtime: Runtime) -> Music:
    """A published track in three lossy rungs and a lossless one."""
    async with database.begin() as tx:
        music = await make_music(tx, duration_ms=8_000, rungs=("aac-160", "aac-96", "aac-320", "flac"))
    await put_objects(runtime.objects, music.asset)
    return music


async def fan_of(database: Database, *, max_kbps: int | None = None, lossless: bool = False) -> User:
    async with database.begin() as tx:
        fan = await make_user(tx)
        if max_kbps is not None:
            await service.set_quality(
                tx, user_id=fan.user_id, max_kbps=max_kbps, lossless=lossless, until=None, as_of=NOW
            )
    return fan


async def told(client: httpx2.AsyncClient, music: Music) -> tuple[set[str], list[str]]:
    answer = (await client.post(f"/api/v1/tracks/{music.track_id}/playback")).json()
    return {one["name"] for one in answer["rungs"]}, [one["family"] for one in answer["masters"]]


async def listed(client: httpx2.AsyncClient, master: str) -> set[str]:
    text = (await client.get(master)).text
    return {line.partition("/")[0] for line in text.splitlines() if line and not line.startswith("#")}


@pytest.mark.parametrize(
    ("rung", "bound", "expected"),
    [
        ("aac-160", 160, True), ("aac-96.2", 160, True), ("aac-320", 160, False), ("aac-320.3", 160, False),
        ("flac", 320, False), ("flac", None, True), ("aac-320", 320, True), ("opus-96", 320, False), ("", 320, False),
    ],
)  # fmt: skip
def test_a_rung_is_within_a_bound_by_its_name(rung: str, bound: int | None, expected: bool):
    assert within(rung, most_kbps=bound) is expected


def test_a_master_playlist_loses_its_better_variants_and_nothing_else():
    assert without_better(MASTER, most_kbps=320) == MASTER
    assert without_better(MASTER, most_kbps=None) == MASTER
    lines = MASTER.splitlines(keepends=True)
    assert without_better(MASTER, most_kbps=160) == "".join(lines[:7])
    assert without_better(MASTER, most_kbps=100) == "".join([*lines[:3], *lines[5:7]])


@pytest.mark.parametrize("most", [None, 96, 160, 9999])
def test_the_bound_is_part_of_what_is_signed(most: int | None):
    for grant in (ToAnybody(most), ToListen(ListenId(new_id()), TrackId(new_id()), most)):
        token = sign(KEYS, prefix=PREFIX, grant=grant, expires=EXPIRES)
        assert verify(KEYS, token, prefix=PREFIX, now_s=0) == grant


@pytest.mark.parametrize("changed", ["p", "p320", "p0160", "p1601", "p16"])
def test_nobody_lifts_the_bound_of_an_address(changed: str):
    expires, key_id, grant, signature = sign(KEYS, prefix=PREFIX, grant=ToAnybody(160), expires=EXPIRES).split(".")
    assert grant == "p160"

    with pytest.raises(LinkForged):
        verify(KEYS, f"{expires}.{key_id}.{changed}.{signature}", prefix=PREFIX, now_s=0)


async def test_somebody_who_pays_nothing_hears_up_to_160(
    ladder: Music, client: httpx2.AsyncClient, database, client_for
):
    for listener in (client, await client_for(await fan_of(database))):
        assert await told(listener, ladder) == ({"aac-160", "aac-96"}, ["lossy"])
        (master,) = await masters(listener, ladder.track_id)
        assert await listed(listener, master) == {"aac-160", "aac-96"}


async def test_an_address_of_lesser_quality_opens_no_better_one(ladder: Music, client: httpx2.AsyncClient):
    root = folder((await masters(client, ladder.track_id))[0])

    for name in ("aac-320/index.m3u8", "aac-320/s00001.m4s", "flac/init.mp4", "flac/s00001.m4s", "lossless.m3u8"):
        answer = await client.get(f"{root}/{name}")
        assert (answer.status_code, answer.json()["code"]) == (403, "delivery.quality_not_included"), name
    for name in ("aac-160/s00001.m4s", "aac-96/index.m3u8"):
        assert (await client.get(f"{root}/{name}")).status_code == 200, name


async def test_a_subscriber_hears_everything(ladder: Music, database: Database, client_for: ClientFor):
    client = await client_for(await fan_of(database, max_kbps=320, lossless=True))

    assert await told(client, ladder) == ({"aac-160", "aac-96", "aac-320", "flac"}, ["lossy", "lossless"])
    lossy, lossless = await masters(client, ladder.track_id)
    assert await listed(client, lossy) == {"aac-160", "aac-96", "aac-320"}
    assert await listed(client, lossless) == {"flac"}
    for name in ("aac-320/s00001.m4s", "flac/s00001.m4s"):
        assert (await client.get(f"{folder(lossy)}/{name}")).status_code == 200


async def test_a_plan_may_have_320_without_lossless(ladder: Music, database: Database, client_for: ClientFor):
    client = await client_for(await fan_of(database, max_kbps=320))

    assert await told(client, ladder) == ({"aac-160", "aac-96", "aac-320"}, ["lossy"])


async def test_an_artist_hears_a_draft_in_every_quality(database: Database, client_for: ClientFor):
    async with database.begin() as tx:
        draft = await make_music(tx, publish=False, rungs=("aac-160", "aac-320", "flac"))
    client = await client_for(draft.artist.user)

    assert await told(client, draft) == ({"aac-160", "aac-320", "flac"}, ["lossy", "lossless"])


async def test_what_is_known_ends_by_itself_and_old_news_changes_nothing(tx: Tx):
    fan = UserId(new_id())
    await service.set_quality(tx, user_id=fan, max_kbps=320, lossless=True, until=NOW + HOUR, as_of=NOW)
    await service.set_quality(tx, user_id=fan, max_kbps=160, lossless=False, until=None, as_of=NOW - HOUR)

    assert await service.quality_of(tx, user_id=fan, now=NOW) == Quality(320, lossless=True)
    assert await service.quality_of(tx, user_id=fan, now=NOW + HOUR) == EVERYBODYS
    await service.set_quality(tx, user_id=fan, max_kbps=160, lossless=False, until=None, as_of=NOW + HOUR)
    assert await service.quality_of(tx, user_id=fan, now=NOW) == EVERYBODYS
    assert await service.quality_of(tx, user_id=UserId(new_id()), now=NOW) == EVERYBODYS
    assert await service.quality_of(tx, user_id=None, now=NOW) == EVERYBODYS
