"""A disk without room: a clear problem, what was counted is kept, and going on works once there is room."""

from __future__ import annotations

import dataclasses
import random
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contexts.music.uploads.conftest import Kept, Tus, TusFor
from vibestream.platform.storage.local import LocalObjectStore

DATA = random.Random(3).randbytes(3_000_000)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of two megabytes."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(mount)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount: the limit on file sizes is tested instead")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def make_room(mount: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=16m", str(mount)], check=True)


async def test_a_disk_that_fills_up_while_bytes_arrive(
    tus_for: TusFor, serve_uploads, runtime, kept: Kept, small_disk: Path
):
    settings = runtime.settings.model_copy(update={"uploads_dir": small_disk, "disk_reserve_bytes": 0})
    tus = await tus_for(app=await serve_uploads(dataclasses.replace(runtime, settings=settings)))
    url = await tus.begin(1_900_000)
    await tus.patch(url, 0, DATA[:1_500_000])
    (small_disk / "filler").write_bytes(b"x" * 450_000)
    full = await tus.patch(url, 1_500_000, DATA[1_500_000:1_900_000])
    assert (full.status_code, full.json()["code"]) == (507, "storage.full")
    assert full.headers["Content-Type"] == "application/problem+json"
    assert await tus.offset(url) == 1_500_000
    part = small_disk / f"{url.rsplit('/', 1)[1]}.part"
    assert part.stat().st_size == 1_500_000
    assert await kept.originals() == []
    make_room(small_disk)
    assert (await tus.patch(url, 1_500_000, DATA[1_500_000:1_900_000])).status_code == 204
    assert await kept.original(DATA[:1_900_000]) == DATA[:1_900_000]


async def test_a_master_that_does_not_fit_is_refused_before_it_is_sent(
    tus_for: TusFor, serve_uploads, runtime, small_disk: Path
):
    settings = runtime.settings.model_copy(update={"uploads_dir": small_disk, "disk_reserve_bytes": 0})
    tus = await tus_for(app=await serve_uploads(dataclasses.replace(runtime, settings=settings)))
    refused = await tus.create(3_000_000)
    assert (refused.status_code, refused.json()["code"]) == (507, "upload.no_room")
    assert (await tus.client.get("/api/v1/uploads")).json()["items"] == []


async def test_an_object_store_without_room(tus_for: TusFor, serve_uploads, runtime, kept: Kept, small_disk: Path):
    objects = LocalObjectStore(small_disk / "objects")
    tus = await tus_for(app=await serve_uploads(dataclasses.replace(runtime, objects=objects)))
    url = await tus.begin(len(DATA))
    full = await tus.patch(url, 0, DATA)
    assert (full.status_code, full.json()["code"]) == (507, "storage.full")
    assert await kept.row(url) == (len(DATA) - 1, "receiving")
    assert [key async for key in objects.list_keys()] == []
    make_room(small_disk)
    assert (await tus.patch(url, len(DATA) - 1, DATA[-1:])).status_code == 204
    (key,) = [key async for key in objects.list_keys()]
    assert await objects.get_bytes(key) == DATA


async def test_uploads_leave_a_reserve(tus_for: TusFor, serve_uploads, runtime, kept: Kept):
    tus = await tus_for()
    url = await tus.begin(len(DATA))
    settings = runtime.settings.model_copy(update={"disk_reserve_bytes": 10**18})
    tight = await tus_for(app=await serve_uploads(dataclasses.replace(runtime, settings=settings)), like=tus)
    refused = await tight.create(10)
    assert (refused.status_code, refused.json()["code"]) == (507, "upload.no_room")
    # One that has begun may end: its original takes no more room than its part.
    assert (await tight.patch(url, 0, DATA)).status_code == 204
    assert await kept.original(DATA) == DATA


async def test_a_long_request_stops_at_the_reserve(tus: Tus, kept: Kept, runtime, monkeypatch):
    from vibestream.contexts.music.uploads.service import receiving

    monkeypatch.setattr(receiving, "FLUSH_BYTES", 1_000_000)
    url = await tus.begin(len(DATA))
    object.__setattr__(runtime.settings, "disk_reserve_bytes", 10**18)
    stopped = await tus.patch(url, 0, DATA)
    assert (stopped.status_code, stopped.json()["code"]) == (507, "upload.no_room")
    noted, state = await kept.row(url)
    assert state == "receiving"
    assert noted >= 1_000_000
    assert kept.part(url).read_bytes() == DATA[:noted]


async def test_a_limit_on_file_sizes_is_like_a_full_disk(tus: Tus, kept: Kept):
    url = await tus.begin(len(DATA))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        full = await tus.patch(url, 0, DATA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (full.status_code, full.json()["code"]) == (507, "storage.full")
    assert await kept.row(url) == (0, "receiving")
    assert kept.part(url).stat().st_size == 0
    assert (await tus.patch(url, 0, DATA)).status_code == 204
