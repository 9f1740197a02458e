"""Uploads that nobody finishes: gone when their time is over, forgotten a week later, their bytes swept away."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import parsedate_to_datetime

from tests.contexts.music.uploads.conftest import Kept, Tus
from vibestream.contexts.music.uploads import service
from vibestream.contexts.music.uploads.jobs import drop_expired_uploads
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now


async def expire(kept: Kept, url: str) -> None:
    async with kept.database.begin() as tx:
        await tx.execute(
            "UPDATE music.upload SET expires_at = clock_timestamp() - interval '1 second' WHERE upload_id = %s",
            [url.rsplit("/", 1)[1]],
        )


async def test_is_gone_when_its_time_is_over_even_before_anybody_noted_it(tus: Tus, kept: Kept):
    url = await tus.begin(10)
    await tus.patch(url, 0, b"abc")
    await expire(kept, url)
    head = await tus.head(url)
    assert head.status_code == 410
    assert "Upload-Offset" not in head.headers
    refused = await tus.patch(url, 3, b"d")
    assert (refused.status_code, refused.json()["code"]) == (410, "upload.gone")
    assert refused.json()["facts"] == {"state": "expired"}
    shown = await tus.view(url)
    assert (shown["state"], shown["tus_url"], shown["expires_at"]) == ("expired", None, None)
    assert shown["explanation"] == "It was not finished in time. Upload the file again."


async def test_the_job_drops_the_bytes_of_what_expired_and_of_nothing_else(tus: Tus, kept: Kept, runtime):
    late, young, stored = await tus.begin(10), await tus.begin(10), await tus.begin(3)
    for url in (late, young):
        await tus.patch(url, 0, b"abc")
    await tus.patch(stored, 0, b"abc")
    await expire(kept, late)
    await drop_expired_uploads(runtime)
    assert await kept.row(late) == (3, "expired")
    assert await kept.row(young) == (3, "receiving")
    assert await kept.row(stored) == (3, "stored")
    assert kept.files() == [kept.part(young).name]
    assert (await tus.head(late)).status_code == 410
    assert (await tus.patch(young, 3, b"defghij")).status_code == 204
    await drop_expired_uploads(runtime)
    assert len(await kept.originals()) == 2


async def test_every_byte_puts_the_end_off(tus: Tus, kept: Kept):
    created = await tus.create(10)
    url = created.headers["Location"]
    async with kept.database.begin() as tx:
        await tx.execute("UPDATE music.upload SET expires_at = expires_at - interval '23 hours'")
    before = parsedate_to_datetime((await tus.head(url)).headers["Upload-Expires"])
    answer = await tus.patch(url, 0, b"abc")
    assert parsedate_to_datetime(answer.headers["Upload-Expires"]) - before >= timedelta(hours=22, minutes=59)


async def test_a_sender_is_told_when_its_upload_expired_under_it(tus: Tus, kept: Kept):
    url = await tus.begin(10)
    await tus.patch(url, 0, b"abc")

    async def slowly() -> AsyncIterator[bytes]:
        yield b"d"
        while await kept.row(url) != (4, "receiving"):  # noqa: ASYNC110 - what is waited for is a row
            await asyncio.sleep(0.02)
        await expire(kept, url)
        async with kept.database.begin() as tx:
            assert await service.drop_expired(tx, now=utc_now()) == 1
        yield b"e"

    assert (await tus.patch(url, 3, slowly())).status_code == 410
    assert await kept.row(url) == (4, "expired")


async def test_what_ended_long_ago_is_forgotten(tus: Tus, kept: Kept):
    ended, expired, stored = await tus.begin(10), await tus.begin(10), await tus.begin(3)
    await tus.delete(ended)
    await expire(kept, expired)
    await tus.patch(stored, 0, b"abc")
    async with kept.database.begin() as tx:
        await service.drop_expired(tx, now=utc_now())
        await tx.execute("UPDATE music.upload SET ended_at = ended_at - interval '8 days' WHERE ended_at IS NOT NULL")
        await service.drop_expired(tx, now=utc_now())
    assert [(await tus.head(url)).status_code for url in (ended, expired, stored)] == [404, 404, 200]


async def test_bytes_that_no_row_knows_are_kept_until_they_are_old(tus: Tus, kept: Kept, runtime):
    await tus.begin(10)
    young, old = (kept.folder / f"{new_id()}.part" for _ in range(2))
    for path in (young, old):
        path.write_bytes(b"abc")
    long_ago = (utc_now() - timedelta(days=9)).timestamp()
    os.utime(old, (long_ago, long_ago))
    assert await service.sweep_parts(runtime, now=utc_now()) == 1
    assert kept.files() == [young.name]


async def test_what_a_crash_after_the_commit_left_is_swept(tus: Tus, kept: Kept, runtime):
    url = await tus.begin(3)
    await tus.patch(url, 0, b"abc")
    kept.part(url).write_bytes(b"abc")
    assert await service.sweep_parts(runtime, now=utc_now()) == 1
    assert kept.files() == []
    assert await kept.original(b"abc") == b"abc"
