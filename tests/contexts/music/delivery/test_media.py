"""`/media/` in process: tokens, ranges, caching, taking down, owners' ears, evidence."""

from __future__ import annotations

import asyncio
import hashlib
import time
from urllib.parse import quote, unquote

import httpx2
import pytest
from fastapi import FastAPI
from starlette.types import Message, Scope

from tests.factories.listen_reward import listen_of
from tests.factories.music import Music, folder, make_music, masters
from tests.factories.music_assets import SEGMENT, put_objects
from tests.factories.teams import dropped_from, make_member
from tests.factories.users import make_user
from tests.http_client import ClientFor
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.delivery import service
from vibestream.contexts.music.delivery.domain.links import ToAnybody, ToOwner, sign
from vibestream.contexts.music.delivery.service import Delivery
from vibestream.contexts.music.packaging.domain.layout import prefix_of
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

FOR_EVER = "public, max-age=31536000, immutable"
ETAG = f'"{hashlib.sha256(SEGMENT).hexdigest()}"'


async def segment_url(client: httpx2.AsyncClient, music: Music, number: int = 1, **body: str) -> str:
    return folder((await masters(client, music.track_id, **body))[0]) + f"/aac-160/s{number:05d}.m4s"


def delivery_of(app: FastAPI) -> Delivery:
    delivery: Delivery = app.state.delivery
    return delivery


@pytest.fixture
async def listener(database: Database, client_for: ClientFor) -> httpx2.AsyncClient:
    """A client that somebody is signed in with."""
    async with database.begin() as tx:
        fan = await make_user(tx)
    signed_in: httpx2.AsyncClient = await client_for(fan)
    return signed_in


async def test_a_player_finds_its_way_from_the_master_to_the_last_segment(music: Music, client: httpx2.AsyncClient):
    for master in await masters(client, music.track_id):
        listed = await client.get(master)
        (rung,) = [line for line in listed.text.splitlines() if line and not line.startswith("#")]
        playlist = await client.get(f"{folder(master)}/{rung}")
        names = [line for line in playlist.text.splitlines() if line and not line.startswith("#")]
        base = folder(f"{folder(master)}/{rung}")
        segments = [await client.get(f"{base}/{name}") for name in names]
        initialisation = await client.get(f"{base}/init.mp4")

        assert listed.headers["content-type"] == playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
        assert [one.content for one in segments] == [SEGMENT] * 8
        assert {one.headers["content-type"] for one in segments} == {"video/iso.segment"}
        assert (initialisation.content, initialisation.headers["content-type"]) == (b"init", "video/mp4")


async def test_a_segment_says_what_it_is_and_that_it_never_changes(music: Music, client: httpx2.AsyncClient):
    answer = await client.get(await segment_url(client, music))

    assert answer.headers["etag"] == ETAG
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(SEGMENT))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers


async def test_another_site_gets_no_permission_to_read(music: Music, client: httpx2.AsyncClient):
    answer = await client.get(
        await segment_url(client, music), headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    )

    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-site"


async def test_ranges_preconditions_and_head(music: Music, client: httpx2.AsyncClient):
    url, size = await segment_url(client, music), len(SEGMENT)

    async def get(**headers: str) -> httpx2.Response:
        return await client.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})

    part = await get(range="bytes=100-299")
    assert (part.status_code, part.content) == (206, SEGMENT[100:300])
    assert part.headers["content-range"] == f"bytes 100-299/{size}"
    assert (part.headers["content-length"], part.headers["etag"]) == ("200", ETAG)
    last = await get(range="bytes=-5")
    assert (last.status_code, last.content) == (206, SEGMENT[-5:])
    beyond = await get(range=f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    several = await get(range="bytes=0-1,5-6")
    assert (several.status_code, several.content) == (200, SEGMENT)
    had = await get(if_none_match=ETAG)
    assert (had.status_code, had.content, had.headers["etag"], had.headers["cache-control"]) == (
        304,
        b"",
        ETAG,
        FOR_EVER,
    )
    assert "content-type" not in had.headers
    resumed = await get(range="bytes=5-", if_range=ETAG)
    assert (resumed.status_code, resumed.content) == (206, SEGMENT[5:])
    changed = await get(range="bytes=5-", if_range='"other"')
    assert (changed.status_code, changed.content) == (200, SEGMENT)
    assert (await get(if_match='"other"')).status_code == 412
    head = await client.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        refused = await client.request(method, url)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_a_growing_playlist_is_never_kept_and_a_finished_one_for_ever(
    music: Music, client: httpx2.AsyncClient, runtime: Runtime
):
    master = (await masters(client, music.track_id))[0]
    url = f"{folder(master)}/aac-160/index.m3u8"
    await put_objects(runtime.objects, music.asset, complete=False)
    growing = await client.get(url)
    asked_again = await client.get(url, headers={"If-None-Match": growing.headers["etag"]})
    await put_objects(runtime.objects, music.asset, complete=True)

    finished = await client.get(url, headers={"If-None-Match": growing.headers["etag"]})

    assert "#EXT-X-ENDLIST" not in growing.text
    assert (growing.headers["cache-control"], asked_again.status_code) == ("no-store", 304)
    assert finished.status_code == 200
    assert "#EXT-X-ENDLIST" in finished.text
    assert finished.headers["cache-control"] == FOR_EVER
    assert finished.headers["etag"] == f'"{hashlib.sha256(finished.content).hexdigest()}"'
    assert (await client.get(master)).headers["cache-control"] == "public, no-cache"


async def test_forged_expired_foreign_and_retired_tokens_open_nothing(
    music: Music, client: httpx2.AsyncClient, app: FastAPI, database: Database, runtime: Runtime
):
    url = await segment_url(client, music)
    async with database.begin() as tx:
        other = await make_music(tx, duration_ms=30_000, rungs=("aac-160",))
    await put_objects(runtime.objects, other.asset)
    keyring = delivery_of(app).keyring
    expired = sign(
        keyring, prefix=prefix_of(music.asset.address), grant=ToAnybody(), expires=int(time.time()) // 3600 * 3600
    )
    token = url.split("/")[2]
    unknown = token.replace(keyring.current.key_id, "aaaaaaaa")

    async def refused(with_token: str, address: str = music.asset.address) -> tuple[int, str]:
        answer = await client.get(f"/media/{with_token}/a/{address}/aac-160/s00001.m4s")
        assert answer.headers["cache-control"] == "no-store"
        return answer.status_code, answer.json()["code"]

    assert await refused(expired) == (403, "delivery.link_expired")
    assert await refused(unknown) == (403, "delivery.link_forged")
    assert await refused(token, other.asset.address) == (403, "delivery.link_forged")
    assert await refused(token[:-1] + ("A" if token[-1] != "A" else "B")) == (403, "delivery.link_forged")
    assert (await client.get(url)).status_code == 200


async def test_no_spelling_of_a_path_leaves_the_asset(
    music: Music, client: httpx2.AsyncClient, app: FastAPI, runtime: Runtime
):
    await runtime.objects.put_bytes("originals/ab/secret", b"secret", content_type="audio/flac")
    root = folder((await masters(client, music.track_id))[0])
    up = [
        "../../originals/ab/secret",
        "%2e%2e/%2e%2e/originals/ab/secret",
        "%252e%252e/%252e%252e/originals/ab/secret",
        "..%2f..%2foriginals/ab/secret",
        "..%5c..%5coriginals%5cab%5csecret",
        "aac-160//s00001.m4s",
        "aac-160/./s00001.m4s",
        "aac-160/s00001.m4s%00.txt",
        "aac-160/s00001.m4s%0a",
        ".incoming/x",
        "aac-160/.s00001.m4s",
        quote("aac-160/\uff0e\uff0e/s00001.m4s"),
    ]

    answers = {path: await raw_get(app, f"{root}/{path}") for path in up}

    assert {path: status for path, (status, _) in answers.items() if status not in {404, 422}} == {}
    assert not any(body in {b"secret", SEGMENT} for _, body in answers.values())


async def raw_get(app: FastAPI, raw_path: str) -> tuple[int, bytes]:
    """Ask for exactly this path, which an HTTP client would tidy up first."""
    status, body = 0, b""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 443),
    }
    await app(scope, receive, send)
    return status, body


async def test_files_that_are_not_there_are_missing(music: Music, client: httpx2.AsyncClient):
    root = folder((await masters(client, music.track_id))[0])

    for name in ("aac-160/s00009.m4s", "aac-96/index.m3u8", "aac-160.2/init.mp4", "aac-160/s00001.mp4"):
        answer = await client.get(f"{root}/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "delivery.file_missing")
    assert (await client.get(f"/media/covers/{'ab' * 32}-640.webp")).status_code == 404


async def test_an_object_that_is_gone_is_missing_even_when_it_was_remembered(
    music: Music, client: httpx2.AsyncClient, runtime: Runtime
):
    url = await segment_url(client, music)
    assert (await client.get(url)).status_code == 200

    await runtime.objects.delete(url.split("/", 3)[3])

    assert (await client.get(url)).status_code == 404
    assert (await client.get(url, headers={"Range": "bytes=0-1"})).status_code == 404


async def test_what_is_taken_down_stops_within_one_refresh_and_plays_again_when_it_is_back(
    music: Music, client: httpx2.AsyncClient, app: FastAPI, database: Database
):
    url, delivery = await segment_url(client, music), delivery_of(app)
    at = {"release_id": music.release.release_id, "user_id": music.artist.user_id}

    async with database.begin() as tx:
        down = await catalogue.take_down_release(tx, **at, version=music.release.version, now=utc_now())  # type: ignore[arg-type]  # by name
    await delivery.withdrawals.refresh()
    gone = await client.get(url)
    listed = await client.get(folder(folder(url)) + "/master.m3u8")
    async with database.begin() as tx:
        await catalogue.publish_release(tx, **at, version=down.version, now=utc_now())  # type: ignore[arg-type]  # by name
    await delivery.withdrawals.refresh()
    back = await client.get(url)

    assert (gone.status_code, gone.json()["code"], listed.status_code) == (410, "delivery.withdrawn", 410)
    assert back.status_code == 200
    assert service.REFRESH_S <= 5


async def test_the_running_process_notices_by_itself(music: Music, client: httpx2.AsyncClient, database: Database):
    url = await segment_url(client, music)
    async with database.begin() as tx:
        await catalogue.take_down_release(
            tx,
            release_id=music.release.release_id,
            user_id=music.artist.user_id,
            version=music.release.version,
            now=utc_now(),
        )

    deadline = time.monotonic() + 20
    while (await client.get(url)).status_code != 410:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_a_drafts_address_works_for_its_artist_while_signed_in_and_for_nobody_else(
    database: Database, runtime: Runtime, client: httpx2.AsyncClient, client_for: ClientFor
):
    async with database.begin() as tx:
        music = await make_music(tx, publish=False, duration_ms=30_000, rungs=("aac-160",))
        stranger = await make_user(tx)
    await put_objects(runtime.objects, music.asset)
    artists = await client_for(music.artist.user)
    url = await segment_url(artists, music)

    mine = await artists.get(url)
    others = [await client.get(url), await (await client_for(stranger)).get(url)]
    assert (await artists.delete("/api/v1/sessions/current")).status_code == 204
    signed_out = await artists.get(url)

    assert (mine.status_code, mine.content) == (200, SEGMENT)
    assert mine.headers["cache-control"] == "private, no-store"
    assert [one.status_code for one in others] == [403, 403]
    assert {one.json()["code"] for one in others} == {"delivery.not_the_owner"}
    assert signed_out.status_code == 403


async def test_a_drafts_address_works_for_a_member_until_they_are_taken_out(
    database: Database, runtime: Runtime, client_for: ClientFor
):
    async with database.begin() as tx:
        music = await make_music(tx, publish=False, duration_ms=30_000, rungs=("aac-160",))
        analyst = await make_member(tx, music.artist, TeamRole.ANALYST)
    await put_objects(runtime.objects, music.asset)
    analysts = await client_for(analyst)
    url = await segment_url(analysts, music)

    before = await analysts.get(url)
    async with database.begin() as tx:
        await dropped_from(tx, music.artist.artist_id, music.artist.user_id, analyst)
    after = await analysts.get(url)

    assert (before.status_code, before.content) == (200, SEGMENT)
    assert (after.status_code, after.json()["code"]) == (403, "delivery.not_the_owner")


async def test_a_public_token_is_never_made_for_a_draft_and_an_owners_does_not_become_public(
    music: Music, app: FastAPI, client: httpx2.AsyncClient
):
    keyring = delivery_of(app).keyring
    owners = sign(
        keyring,
        prefix=prefix_of(music.asset.address),
        grant=ToOwner(music.artist.user_id, music.track_id),
        expires=int(time.time()) // 3600 * 3600 + 7200,
    )
    stripped = ".".join([*owners.split(".")[:2], "p", owners.split(".")[3]])

    for token in (owners, stripped):
        answer = await client.get(f"/media/{token}/a/{music.asset.address}/aac-160/s00001.m4s")
        assert answer.status_code == 403


async def test_segments_that_were_sent_whole_for_a_listen_are_written_down_and_announced(
    music: Music, listener: httpx2.AsyncClient, app: FastAPI, database: Database
):
    client = listener
    listen_id = await listen_of(database, client)
    for number in (1, 2, 3, 6):
        assert (await client.get(await segment_url(client, music, number, listen_id=str(listen_id)))).status_code == 200

    await delivery_of(app).witness.flush()

    async with database.begin() as tx:
        runs = await service.served_to(tx, listen_id=listen_id)
        event = await tx.value("SELECT data FROM platform.outbox WHERE type = 'vibestream.music.segments_served'")
    assert [(run.track_id, run.rung, run.first_segment, run.last_segment) for run in runs] == [
        (music.track_id, "aac-160", 1, 3),
        (music.track_id, "aac-160", 6, 6),
    ]
    assert (event["listen_ids"], event["track_ids"]) == ([str(listen_id)] * 2, [str(music.track_id)] * 2)
    assert (event["from_ms"], event["until_ms"]) == ([0, 20_000], [12_000, 24_000])


async def test_what_was_not_sent_whole_is_no_evidence(
    music: Music, listener: httpx2.AsyncClient, app: FastAPI, database: Database
):
    client = listener
    listen_id = await listen_of(database, client)
    url = await segment_url(client, music, listen_id=str(listen_id))
    root = folder(folder(url))

    await client.head(url)
    await client.get(url, headers={"Range": "bytes=0-0"})
    await client.get(url, headers={"If-None-Match": ETAG})
    await client.get(f"{root}/aac-160/init.mp4")
    await client.get(f"{root}/aac-160/index.m3u8")
    await client.get(f"{root}/master.m3u8")
    await client.get(await segment_url(client, music))
    await client.get(f"{root}/aac-160/s00099.m4s")
    await delivery_of(app).witness.flush()

    async with database.begin() as tx:
        assert await service.served_to(tx, listen_id=listen_id) == []
        assert await tx.value("SELECT count(*) FROM music.served") == 0


async def test_a_range_over_all_of_a_segment_is_all_of_it(
    music: Music, listener: httpx2.AsyncClient, app: FastAPI, database: Database
):
    client = listener
    listen_id = await listen_of(database, client)
    url = await segment_url(client, music, 8, listen_id=str(listen_id))

    part = await client.get(url, headers={"Range": "bytes=0-"})
    await delivery_of(app).witness.flush()

    assert part.status_code == 206
    async with database.begin() as tx:
        event = await tx.value("SELECT data FROM platform.outbox WHERE type = 'vibestream.music.segments_served'")
    assert (event["from_ms"], event["until_ms"]) == ([28_000], [30_000])
