"""One upload, several requests: who may write, what counts, what is kept when something breaks on the way."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import hashlib
import os
import random
from collections.abc import AsyncIterator

import pytest

from tests.contexts.music.uploads.conftest import Kept, Tus, TusFor, checksum
from vibestream.contexts.music.uploads.service import receiving
from vibestream.contexts.music.uploads.store import rows
from vibestream.contexts.music.uploads.store.parts import Part
from vibestream.platform.storage.local import LocalObjectStore
from vibestream.platform.storage.s3 import S3ObjectStore

DATA = random.Random(11).randbytes(200_000)


class Sender:
    """A body that a test feeds by hand."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece

    def send(self, piece: bytes) -> None:
        self._pieces.put_nowait(piece)

    def end(self) -> None:
        self._pieces.put_nowait(None)


async def until(condition, *, within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - what is waited for is a row
            await asyncio.sleep(0.02)


async def test_what_came_counts_as_soon_as_the_sender_pauses(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    sender = Sender()
    patch = asyncio.create_task(tus.patch(url, 0, sender))
    sender.send(DATA[:70_000])

    async def noted() -> bool:
        return await kept.row(url) == (70_000, "receiving")

    await until(noted)
    assert await tus.offset(url) == 70_000
    sender.send(DATA[70_000:])
    sender.end()
    answer = await patch
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "200000")
    assert await kept.original(DATA) == DATA


async def test_long_requests_count_in_steps(tus: Tus, kept: Kept, monkeypatch):
    monkeypatch.setattr(receiving, "FLUSH_BYTES", 50_000)
    monkeypatch.setattr(receiving, "TICK_S", 30.0)  # so that no pause notes anything
    url = await tus.begin(len(DATA))
    sender = Sender()
    patch = asyncio.create_task(tus.patch(url, 0, sender))
    for step in range(0, 120_000, 10_000):
        sender.send(DATA[step : step + 10_000])
        await asyncio.sleep(0.01)

    async def noted() -> bool:
        return (await kept.row(url))[0] >= 50_000

    await until(noted)
    assert (await kept.row(url))[0] <= 120_000
    sender.end()
    assert (await patch).headers["Upload-Offset"] == "120000"


async def test_nothing_counts_before_it_is_on_disk(tus: Tus, kept: Kept, monkeypatch):
    done: list[str] = []
    sync, save = Part.sync, rows.save_progress

    def watched_sync(self: Part) -> None:
        sync(self)
        done.append("synced")

    async def watched_save(tx, upload, **facts) -> bool:
        done.append(f"noted {facts['received_bytes']}")
        return await save(tx, upload, **facts)

    monkeypatch.setattr(Part, "sync", watched_sync)
    monkeypatch.setattr(rows, "save_progress", watched_save)
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA[:1000])
    assert done == ["synced", "noted 1000"]


async def test_bytes_that_the_disk_did_not_take_do_not_count(tus: Tus, kept: Kept, monkeypatch):
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA[:1000])

    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", broken)
        assert (await tus.patch(url, 1000, DATA[1000:])).status_code == 500
    assert await tus.offset(url) == 1000
    assert (await tus.patch(url, 1000, DATA[1000:])).status_code == 204
    assert await kept.original(DATA) == DATA


async def test_of_equal_requests_at_the_same_moment_one_is_taken(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    answers = await asyncio.gather(*(tus.patch(url, 0, DATA[:150_000]) for _ in range(6)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {409, 423}
    assert await kept.row(url) == (150_000, "receiving")
    await tus.patch(url, 150_000, DATA[150_000:])
    assert await kept.original(DATA) == DATA
    assert len(await kept.events()) == 1


async def test_an_upload_that_is_being_sent_is_locked_for_others(tus: Tus, kept: Kept, monkeypatch):
    monkeypatch.setattr(receiving, "LOCK_WAIT_S", 0.7)
    url = await tus.begin(len(DATA))
    sender = Sender()
    patch = asyncio.create_task(tus.patch(url, 0, sender))

    async def keep_sending() -> None:
        for step in range(0, 100_000, 2_000):
            sender.send(DATA[step : step + 2_000])
            await asyncio.sleep(0.03)

    sending = asyncio.create_task(keep_sending())
    await asyncio.sleep(0.1)
    second = await tus.patch(url, 0, DATA)
    assert (second.status_code, second.json()["code"]) == (423, "upload.locked")
    assert second.headers["Retry-After"] == "1"
    await sending
    sender.end()
    assert (await patch).headers["Upload-Offset"] == "100000"
    assert kept.part(url).read_bytes() == DATA[:100_000]
    assert kept.files() == [kept.part(url).name]


async def test_a_request_that_has_gone_silent_gives_way(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    stuck = Sender()
    first = asyncio.create_task(tus.patch(url, 0, stuck))
    stuck.send(DATA[:1000])

    async def noted() -> bool:
        return await kept.row(url) == (1000, "receiving")

    await until(noted)
    second = await tus.patch(url, 1000, DATA[1000:])
    assert (second.status_code, second.headers["Upload-Offset"]) == (204, "200000")
    assert (await first).status_code == 423
    assert await kept.original(DATA) == DATA
    assert kept.files() == []


async def test_a_sender_that_stays_silent_is_dismissed_and_keeps_what_it_sent(tus: Tus, kept: Kept, monkeypatch):
    monkeypatch.setattr(receiving, "SILENT_S", 1.0)
    url = await tus.begin(len(DATA))
    sender = Sender()
    sender.send(DATA[:1000])
    answer = await tus.patch(url, 0, sender)
    assert (answer.status_code, answer.json()["code"]) == (503, "upload.sender_silent")
    assert await tus.offset(url) == 1000
    checked = Sender()
    checked.send(DATA[1000:2000])
    answer = await tus.patch(url, 1000, checked, Upload_Checksum=checksum("sha1", DATA[1000:]))
    assert answer.status_code == 503
    assert await tus.offset(url) == 1000
    assert kept.part(url).read_bytes() == DATA[:1000]


async def test_verified_bytes_do_not_count_before_they_are_verified(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    sender = Sender()
    patch = asyncio.create_task(tus.patch(url, 0, sender, Upload_Checksum=checksum("sha256", DATA[:1000])))
    sender.send(DATA[:500])
    await asyncio.sleep(1.2)  # longer than a pause
    assert await kept.row(url) == (0, "receiving")
    sender.send(DATA[500:1000])
    sender.end()
    assert (await patch).headers["Upload-Offset"] == "1000"


async def test_a_request_that_is_cancelled_lets_go_of_the_upload(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    sender = Sender()
    patch = asyncio.create_task(tus.patch(url, 0, sender))
    sender.send(DATA[:50_000])
    await asyncio.sleep(0.2)
    patch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await patch
    offset = await tus.offset(url)
    answer = await tus.patch(url, offset, DATA[offset:])
    assert answer.status_code == 204
    assert await kept.original(DATA) == DATA


async def test_an_upload_that_is_ended_takes_no_more_from_who_still_sends(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    sender = Sender()
    patch = asyncio.create_task(tus.patch(url, 0, sender))
    sender.send(DATA[:1000])
    await asyncio.sleep(0.1)
    assert (await tus.delete(url)).status_code == 204
    sender.send(DATA[1000:])
    sender.end()
    assert (await patch).status_code == 410
    assert await kept.row(url) == (0, "terminated") or (await kept.row(url)) == (1000, "terminated")
    assert kept.files() == []
    assert await kept.originals() == []


async def test_what_a_killed_request_left_beyond_the_offset_is_cut_off(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA[:1000])
    with kept.part(url).open("ab") as part:
        part.write(b"\0" * 5000)
    assert await tus.offset(url) == 1000
    assert (await tus.patch(url, 1000, DATA[1000:1500])).headers["Upload-Offset"] == "1500"
    assert kept.part(url).read_bytes() == DATA[:1500]
    await tus.patch(url, 1500, DATA[1500:])
    assert await kept.original(DATA) == DATA


async def test_a_master_whose_process_died_before_the_commit_is_finished_by_its_last_byte(tus: Tus, kept: Kept):
    """The original was linked into the store, the row was not: the moment between the two is as long as a crash needs."""
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA[:-1])
    with kept.part(url).open("ab") as part:
        part.write(DATA[-1:])
    key = f"originals/{hashlib.sha256(DATA).hexdigest()}"
    await kept.runtime.objects.put_file(key, kept.part(url), content_type="application/octet-stream", adopt=True)
    assert kept.part(url).stat().st_nlink == 2
    # Another client, or a changed file, goes on with other bytes: the stored original must not change.
    await tus.patch(url, len(DATA) - 1, bytes([DATA[-1] ^ 1]))
    assert await kept.original(DATA) == DATA
    other = DATA[:-1] + bytes([DATA[-1] ^ 1])
    assert await kept.original(other) == other
    again = await tus.begin(len(DATA))
    await tus.patch(again, 0, DATA)
    assert await kept.original(DATA) == DATA
    assert len(await kept.originals()) == 2


async def test_a_part_that_was_lost_ends_in_a_problem_and_not_in_zeros(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA[:1000])
    kept.part(url).unlink()
    answer = await tus.patch(url, 1000, DATA[1000:])
    assert (answer.status_code, answer.json()["code"]) == (410, "upload.lost")
    assert await kept.originals() == []


async def test_a_server_that_does_not_see_the_bytes_says_so(
    tus_for: TusFor, serve_uploads, runtime, kept: Kept, tmp_path
):
    tus = await tus_for()
    url = await tus.begin(len(DATA))
    await tus.patch(url, 0, DATA[:1000])
    other = dataclasses.replace(
        runtime, settings=runtime.settings.model_copy(update={"uploads_dir": tmp_path / "another machine"})
    )
    elsewhere = await tus_for(app=await serve_uploads(other), like=tus)
    assert await elsewhere.offset(url) == 1000
    answer = await elsewhere.patch(url, 1000, DATA[1000:])
    assert (answer.status_code, answer.json()["code"]) == (503, "upload.elsewhere")
    shared = dataclasses.replace(runtime, settings=runtime.settings.model_copy(update={"uploads_dir": kept.folder}))
    beside = await tus_for(app=await serve_uploads(shared), like=tus)
    assert (await beside.patch(url, 1000, DATA[1000:])).status_code == 204
    assert await kept.original(DATA) == DATA


async def test_a_store_that_does_not_answer_costs_the_client_one_byte(
    tus_for: TusFor, serve_uploads, runtime, kept: Kept
):
    down = S3ObjectStore(
        bucket="b",
        region="us-east-1",
        endpoint="http://127.0.0.1:9",
        access_key_id="a",
        secret_access_key="s",
        give_up_after_s=1,
    )
    tus = await tus_for(app=await serve_uploads(dataclasses.replace(runtime, objects=down)))
    url = await tus.begin(len(DATA))
    answer = await tus.patch(url, 0, DATA, Upload_Checksum=checksum("sha1", DATA))
    assert (answer.status_code, answer.json()["code"]) == (503, "storage.unavailable")
    assert await kept.row(url) == (len(DATA) - 1, "receiving")
    assert await kept.events() == []
    up = await tus_for(like=tus)
    assert (await up.patch(url, len(DATA) - 1, DATA[-1:])).status_code == 204
    assert await kept.original(DATA) == DATA


async def test_a_damaged_original_is_not_taken_for_the_master(tus: Tus, kept: Kept, runtime):
    key = f"originals/{hashlib.sha256(DATA).hexdigest()}"
    assert isinstance(runtime.objects, LocalObjectStore)
    await runtime.objects.put_bytes(key, DATA, content_type="application/octet-stream")
    os.truncate(runtime.objects.root / key, 1000)
    url = await tus.begin(len(DATA))
    answer = await tus.patch(url, 0, DATA)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage.unavailable")
    assert (await kept.row(url))[1] == "receiving"


async def test_many_small_pieces_give_the_same_original(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    generator = random.Random(5)
    offset = 0
    while offset < len(DATA):
        length = min(generator.choice([1, 17, 4096, 65_536]), len(DATA) - offset)
        piece = DATA[offset : offset + length]
        extra = {"Upload_Checksum": checksum("sha256", piece)} if generator.random() < 0.5 else {}
        answer = await tus.patch(url, offset, piece, **extra)
        offset += length
        assert answer.headers["Upload-Offset"] == str(offset)
    assert await kept.original(DATA) == DATA
