"""What an artist sees of uploads: bytes while they arrive, then what packaging makes of them."""

from __future__ import annotations

import hashlib

import pytest

from tests.contexts.music.uploads.conftest import TUS, Kept, Tus, metadata

DATA = b"not a song at all" * 100


async def packaging_says(kept: Kept, data: bytes, state: str, *, percent: int = 0, reason: str | None = None) -> None:
    """Bring the asset of these bytes to a state, probed and measured."""
    async with kept.database.begin() as tx:
        touched = await tx.execute(
            """
            UPDATE music.asset SET state = %s, percent = %s, reason = %s, container = 'flac', codec = 'flac',
                sample_rate = 48000, channels = 2, exact = true, bitrate_bps = 800000, duration_ms = 200000
            WHERE sha256 = %s
            """,
            [state, percent, reason, hashlib.sha256(data).digest()],
        )
    assert touched == 1


async def test_shows_bytes_while_they_arrive(tus: Tus):
    url = await tus.begin(1000, Upload_Metadata=metadata(filename="a/b/Nebula.flac"))
    await tus.patch(url, 0, b"x" * 339)
    shown = await tus.view(url)
    assert shown["created_at"] < shown["expires_at"]
    del shown["created_at"], shown["expires_at"]
    assert shown == {
        "upload_id": url.rsplit("/", 1)[1],
        "file_name": "Nebula.flac",
        "size_bytes": 1000,
        "received_bytes": 339,
        "state": "receiving",
        "percent": 33,
        "reason": None,
        "explanation": None,
        "asset_id": None,
        "sha256": None,
        "tus_url": url,
    }


@pytest.mark.parametrize(
    ("said", "state", "percent"),
    [
        ("waiting", "stored", 0),
        ("probing", "packaging", 3),
        ("packaging", "packaging", 10),
        ("playable", "playable", 40),
        ("ready", "ready", 100),
    ],
)
async def test_shows_how_far_packaging_is(tus: Tus, kept: Kept, said: str, state: str, percent: int):
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA)
    assert (await tus.view(url))["state"] == "stored"
    await packaging_says(kept, DATA, said, percent=percent)
    shown = await tus.view(url)
    assert (shown["state"], shown["percent"], shown["reason"], shown["explanation"]) == (state, percent, None, None)
    assert shown["asset_id"] is not None
    assert shown["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert (shown["tus_url"], shown["expires_at"]) == (None, None)


async def test_says_why_a_master_was_refused_and_what_to_do(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA)
    await packaging_says(kept, DATA, "refused", reason="not_audio")
    shown = await tus.view(url)
    assert (shown["state"], shown["reason"]) == ("refused", "not_audio")
    assert "Upload FLAC, WAV, AIFF, MP3, M4A, Ogg Vorbis or Opus" in shown["explanation"]
    await packaging_says(kept, DATA, "failed")
    shown = await tus.view(url)
    assert (shown["state"], shown["reason"]) == ("failed", None)
    assert "Your file is safe" in shown["explanation"]


async def test_a_master_that_was_packaged_before_is_at_once_what_it_was(tus_for, kept: Kept):
    first, second = await tus_for(), await tus_for()
    await first.patch(await first.begin(len(DATA)), 0, DATA)
    await packaging_says(kept, DATA, "ready", percent=100)
    url = await second.begin(len(DATA))
    await second.patch(url, 0, DATA)
    assert (await second.view(url))["state"] == "ready"


async def test_a_stored_master_is_handed_to_packaging_once(tus: Tus, kept: Kept):
    await tus.patch(await tus.begin(len(DATA)), 0, DATA)
    async with kept.database.begin() as tx:
        jobs = await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'music.package_asset'")
    assert jobs == 1


async def test_lists_ones_own_uploads_newest_first_page_by_page(tus: Tus):
    urls = [await tus.begin(10 + n) for n in range(5)]
    await tus.delete(urls[2])
    seen: list[int] = []
    cursor = ""
    while True:
        page = (await tus.client.get(f"/api/v1/uploads?limit=2{cursor}")).json()
        seen += [item["size_bytes"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [14, 13, 11, 10]
    assert (await tus.client.get("/api/v1/uploads?limit=0")).status_code == 422
    assert (await tus.client.get("/api/v1/uploads?cursor=forged")).status_code == 422
    assert (await tus.view(urls[2]))["state"] == "terminated"


async def test_a_tus_address_cannot_be_read_as_json(tus: Tus):
    url = await tus.begin(10)
    assert (await tus.client.get(url)).status_code == 405
    assert (await tus.client.get(TUS)).status_code == 405


async def test_where_masters_cannot_be_packaged_none_is_taken(tus: Tus, runtime):
    object.__setattr__(runtime.settings, "ffmpeg", runtime.settings.data_dir / "no-such-ffmpeg")
    refused = await tus.create(10)
    assert (refused.status_code, refused.json()["code"].split(".")[0]) == (503, "media")
