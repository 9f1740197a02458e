"""What only the local folder can get wrong: crashes, full disks, foreign file systems, other processes."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vibestream.platform.config import load_settings
from vibestream.platform.storage import InvalidKey, ObjectDiffers, StorageFull, open_store
from vibestream.platform.storage.local import LocalObjectStore

SHA_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def store(tmp_path: Path) -> LocalObjectStore:
    return LocalObjectStore(tmp_path / "objects")


def files(store: LocalObjectStore) -> list[str]:
    return sorted(str(p.relative_to(store.root)) for p in store.root.rglob("*") if not p.is_dir() or p.is_symlink())


async def test_a_path_opens_the_current_version_and_nothing_else_lies_around(store: LocalObjectStore):
    await store.put_bytes("a/x", b"old", content_type="text/plain", immutable=False)
    path = store.local_path("a/x")
    assert path is not None
    await store.put_bytes("a/x", b"abc", content_type="text/plain", immutable=False)
    assert Path(path).read_bytes() == b"abc"
    hidden, link = files(store)
    assert (hidden.startswith(f"a/.{SHA_OF_ABC}."), link) == (True, "a/x")
    await store.delete("a/x")
    assert files(store) == []


async def test_a_reader_that_has_begun_finishes_after_the_object_is_gone(store: LocalObjectStore):
    content = os.urandom(1_000_000)
    await store.put_bytes("x", content, content_type="text/plain")
    reader = store.open_range("x")
    got = await anext(reader)
    await store.delete("x")
    got += b"".join([chunk async for chunk in reader])
    assert got == content


async def test_adopting_shares_the_blocks_and_across_file_systems_copies(store: LocalObjectStore, tmp_path: Path):
    near = tmp_path / "near"
    near.write_bytes(b"abc")
    await store.put_file("near", near, content_type="text/plain", adopt=True)
    assert near.stat().st_nlink == 2
    far = Path("/dev/shm") / f"vibestream-far-{os.getpid()}"
    far.write_bytes(b"abc")
    try:
        assert far.stat().st_dev != tmp_path.stat().st_dev
        put = await store.put_file("far", far, content_type="text/plain", adopt=True)
        assert (put.etag, far.stat().st_nlink) == (SHA_OF_ABC, 1)
    finally:
        far.unlink()
    assert await store.get_bytes("far") == b"abc"


async def test_no_key_is_the_folder_of_another(store: LocalObjectStore):
    await store.put_bytes("a", b"abc", content_type="text/plain")
    with pytest.raises(InvalidKey):
        await store.put_bytes("a/b", b"abc", content_type="text/plain")
    with pytest.raises(InvalidKey):
        await store.put_bytes("a/b/c", b"abc", content_type="text/plain")
    assert await store.stat("a/b") is None
    await store.put_bytes("f/x", b"abc", content_type="text/plain")
    with pytest.raises(InvalidKey):
        await store.put_bytes("f", b"abc", content_type="text/plain")
    assert await store.get_bytes("f/x") == b"abc"
    assert [name for name in files(store) if not name.startswith((".", "f/."))] == ["a", "f/x"]
    assert len(files(store)) == 4


async def test_a_refused_write_leaves_nothing(store: LocalObjectStore):
    await store.put_bytes("x", b"abc", content_type="text/plain")
    before = files(store)
    with pytest.raises(ObjectDiffers):
        await store.put_bytes("x", b"other", content_type="text/plain")
    assert files(store) == before


async def test_a_full_disk_is_said_and_leaves_nothing(small_disk: Path):
    store = LocalObjectStore(small_disk / "objects")
    await store.put_bytes("fits", b"x" * 100_000, content_type="text/plain")
    before = files(store)
    with pytest.raises(StorageFull) as caught:
        await store.put_bytes("x", b"x" * 4_000_000, content_type="text/plain")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert files(store) == before
    assert await store.stat("x") is None
    await store.put_bytes("also-fits", b"y" * 100_000, content_type="text/plain")


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of one megabyte."""
    mount = tmp_path / "small"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("this user may not mount: the limit on file sizes is tested instead")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


async def test_a_limit_on_file_sizes_is_said_too(store: LocalObjectStore):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(StorageFull):
            await store.put_bytes("x", b"x" * 2_000_000, content_type="text/plain")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(store) == []


async def test_a_link_whose_content_a_power_cut_took_is_no_object_and_can_be_written_again(store: LocalObjectStore):
    await store.put_bytes("x", b"abc", content_type="text/plain")
    (store.root / (store.root / "x").readlink()).unlink()
    assert await store.stat("x") is None
    assert store.local_path("x") is None
    assert [key async for key in store.list_keys()] == []
    await store.put_bytes("x", b"abc", content_type="text/plain")
    assert await store.get_bytes("x") == b"abc"


WRITER = """
import asyncio, sys
from pathlib import Path
from vibestream.platform.storage.local import LocalObjectStore

async def main():
    store = LocalObjectStore(Path(sys.argv[1]))
    print("go", flush=True)
    for n in range(100_000):
        await store.put_bytes(f"d/{n % 7}", bytes([n % 251]) * 200_000, content_type="text/plain", immutable=False)

asyncio.run(main())
"""


async def test_killed_at_any_moment_every_object_is_whole(tmp_path: Path):
    root = tmp_path / "objects"
    for attempt in range(4):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(root)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.05 + attempt * 0.021)
            process.send_signal(signal.SIGKILL)
        store = LocalObjectStore(root)
        found = [key async for key in store.list_keys()]
        assert found
        for key in found:
            info = await store.stat(key)
            content = await store.get_bytes(key)
            assert info is not None
            assert (info.size, info.etag) == (200_000, hashlib.sha256(content).hexdigest())
            assert len(set(content)) == 1


def _replace(root: str, byte: int) -> None:
    import asyncio

    async def main() -> None:
        store = LocalObjectStore(Path(root))
        for _ in range(40):
            await store.put_bytes("x", bytes([byte]) * 1000, content_type="text/plain", immutable=False)

    asyncio.run(main())


async def test_processes_that_replace_one_object_leave_one_version_and_no_litter(store: LocalObjectStore):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_replace, args=(str(store.root), byte)) for byte in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(files(store)) == 2
    assert len(set(await store.get_bytes("x"))) == 1


def test_drops_drafts_that_a_crash_left_a_day_ago_and_no_younger_ones(tmp_path: Path):
    store = LocalObjectStore(tmp_path)
    (tmp_path / ".incoming").mkdir()
    (tmp_path / ".incoming" / "young").touch()
    os.utime(tmp_path / ".incoming" / "young", (0, 0))  # an adopted file brings its own, older, modification time
    LocalObjectStore(tmp_path)
    assert files(store) == [".incoming/young"]


async def test_the_settings_choose_the_folder(tmp_path: Path):
    store = open_store(load_settings(data_dir=tmp_path))
    await store.put_bytes("x", b"abc", content_type="text/plain")
    assert (tmp_path / "objects" / "x").read_bytes() == b"abc"


async def test_opening_and_reading_make_nothing(tmp_path: Path):
    store = open_store(load_settings(data_dir=tmp_path / "data"))
    assert await store.stat("x") is None
    assert [key async for key in store.list_keys()] == []
    assert list(tmp_path.iterdir()) == []
