"""Media whose objects are in S3: streamed through, parts fetched as parts, facts asked for once."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import httpx2
import pytest

from tests.factories.music import Music, folder, masters
from tests.factories.music_assets import SEGMENT
from tests.platform.storage.conftest import Bucket, s3_endpoint
from vibestream.platform.runtime import Runtime

__all__ = ["s3_endpoint"]


@pytest.fixture
def runtime(runtime: Runtime, s3_endpoint: str) -> Runtime:
    return replace(runtime, objects=Bucket(s3_endpoint).store())


async def test_segments_playlists_and_parts_come_through(music: Music, client: httpx2.AsyncClient):
    root = folder((await masters(client, music.track_id))[0])
    url = f"{root}/aac-160/s00001.m4s"

    whole = await client.get(url)
    part = await client.get(url, headers={"Range": "bytes=256-511"})
    kept = await client.get(url, headers={"If-None-Match": whole.headers["etag"]})
    playlist = await client.get(f"{root}/aac-160/index.m3u8")
    missing = await client.get(f"{root}/aac-160/s00099.m4s")

    assert (whole.status_code, whole.content) == (200, SEGMENT)
    assert whole.headers["etag"] == f'"{hashlib.sha256(SEGMENT).hexdigest()}"'
    assert whole.headers["content-type"] == "video/iso.segment"
    assert (part.status_code, part.content) == (206, SEGMENT[256:512])
    assert (kept.status_code, missing.status_code) == (304, 404)
    assert playlist.text.endswith("#EXT-X-ENDLIST\n")


async def test_an_object_that_is_gone_is_missing_although_its_facts_were_remembered(
    music: Music, client: httpx2.AsyncClient, runtime: Runtime
):
    url = folder((await masters(client, music.track_id))[0]) + "/aac-160/s00001.m4s"
    assert (await client.get(url)).status_code == 200

    await runtime.objects.delete(url.split("/", 3)[3])

    assert (await client.get(url)).status_code == 404
    assert (await client.get(url)).status_code == 404
