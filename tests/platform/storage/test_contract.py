"""What every object store promises, over both implementations; digests are published vectors."""

from __future__ import annotations

import asyncio
import hashlib
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.kernel.errors import InvalidInput
from vibestream.platform.storage import InvalidKey, ObjectDiffers, ObjectInfo, ObjectMissing, ObjectStore
from vibestream.platform.storage.objects import checked_key

SHA_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
SHA_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


async def collect(store: ObjectStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in store.open_range(key, start, end)])


async def keys(store: ObjectStore, prefix: str = "") -> set[str]:
    return {key async for key in store.list_keys(prefix)}


async def test_gives_back_bytes_with_their_checksum_size_and_type(store: ObjectStore):
    put = await store.put_bytes("a/b/c.m4s", b"abc", content_type="audio/mp4")
    assert put == ObjectInfo("a/b/c.m4s", 3, SHA_OF_ABC, "audio/mp4")
    assert await store.stat("a/b/c.m4s") == put
    assert await store.get_bytes("a/b/c.m4s") == b"abc"
    assert await keys(store) == {"a/b/c.m4s"}


async def test_stores_a_file_and_leaves_the_file_alone(store: ObjectStore, tmp_path: Path):
    source = tmp_path / "source"
    source.write_bytes(b"abc")
    put = await store.put_file("x", source, content_type="text/plain; charset=utf-8")
    assert put == ObjectInfo("x", 3, SHA_OF_ABC, "text/plain; charset=utf-8")
    assert await store.stat("x") == put
    assert source.read_bytes() == b"abc"
    source.write_bytes(b"changed")
    assert await store.get_bytes("x") == b"abc"


async def test_stores_a_large_file_in_parts_and_every_range_of_it_is_right(store: ObjectStore, tmp_path: Path):
    content = random.Random(1).randbytes(20 * 1024 * 1024 + 17)
    source = tmp_path / "source"
    source.write_bytes(content)
    put = await store.put_file("big", source, content_type="audio/flac")
    assert put == ObjectInfo("big", 20_971_537, hashlib.sha256(content).hexdigest(), "audio/flac")
    assert await store.stat("big") == put
    assert await collect(store, "big") == content
    for start, end in [(0, 1), (8_388_607, 8_388_609), (20_971_536, None), (5, 5_000_005), (20_971_530, 99_999_999)]:
        assert await collect(store, "big", start, end) == content[start:end]


async def test_believes_a_given_checksum_and_may_adopt_the_file(store: ObjectStore, tmp_path: Path):
    source = tmp_path / "source"
    source.write_bytes(b"abc")
    put = await store.put_file("x", source, content_type="audio/flac", sha256=SHA_OF_ABC, adopt=True)
    assert put.etag == SHA_OF_ABC
    source.unlink()
    assert await store.get_bytes("x") == b"abc"


async def test_stores_an_empty_object(store: ObjectStore, tmp_path: Path):
    (tmp_path / "empty").touch()
    assert (await store.put_file("file", tmp_path / "empty", content_type="text/plain")).etag == SHA_OF_NOTHING
    assert (await store.put_bytes("bytes", b"", content_type="text/plain")).etag == SHA_OF_NOTHING
    assert await store.get_bytes("file") == b""
    assert await collect(store, "bytes") == b""


@pytest.mark.parametrize(("start", "end"), [(3, None), (3, 9), (100, None), (1, 1), (0, 0)])
async def test_a_range_that_holds_no_byte_is_empty(store: ObjectStore, start: int, end: int | None):
    await store.put_bytes("x", b"abc", content_type="text/plain")
    assert await collect(store, "x", start, end) == b""


@pytest.mark.parametrize(("start", "end"), [(-1, None), (2, 1), (0, -1)])
async def test_refuses_a_range_that_runs_backwards(store: ObjectStore, start: int, end: int | None):
    await store.put_bytes("x", b"abc", content_type="text/plain")
    with pytest.raises(InvalidInput):
        await collect(store, "x", start, end)


async def test_an_immutable_object_may_be_stored_again_but_never_differently(store: ObjectStore, tmp_path: Path):
    first = await store.put_bytes("x", b"abc", content_type="text/plain")
    assert await store.put_bytes("x", b"abc", content_type="text/plain") == first
    other = tmp_path / "other"
    other.write_bytes(b"other")
    with pytest.raises(ObjectDiffers):
        await store.put_bytes("x", b"abd", content_type="text/plain")
    with pytest.raises(ObjectDiffers):
        await store.put_file("x", other, content_type="text/plain")
    assert await store.get_bytes("x") == b"abc"


async def test_of_writers_at_the_same_moment_one_wins_and_the_others_are_told(store: ObjectStore):
    written = await asyncio.gather(
        *(store.put_bytes("x", b"%d" % n, content_type="text/plain") for n in range(8)), return_exceptions=True
    )
    (winner,) = (result for result in written if isinstance(result, ObjectInfo))
    assert sum(isinstance(result, ObjectDiffers) for result in written) == 7
    assert await store.stat("x") == winner
    assert hashlib.sha256(await store.get_bytes("x")).hexdigest() == winner.etag


async def test_a_mutable_object_is_replaced_and_each_reader_sees_one_whole_version(store: ObjectStore):
    versions = [bytes([n]) * 300_000 for n in range(10)]
    await store.put_bytes("list.m3u8", versions[0], content_type="text/plain", immutable=False)
    seen: list[bytes] = []

    async def read() -> None:
        seen.extend([await store.get_bytes("list.m3u8") for _ in range(20)])

    async def write() -> None:
        for version in versions[1:]:
            await store.put_bytes("list.m3u8", version, content_type="audio/mpegurl", immutable=False)

    await asyncio.gather(read(), write())
    assert set(seen) <= set(versions)
    assert await store.stat("list.m3u8") == ObjectInfo(
        "list.m3u8", 300_000, hashlib.sha256(versions[9]).hexdigest(), "audio/mpegurl"
    )


async def test_says_what_is_missing(store: ObjectStore):
    assert await store.stat("a/none") is None
    assert store.local_path("a/none") is None
    with pytest.raises(ObjectMissing):
        await store.get_bytes("a/none")
    with pytest.raises(ObjectMissing):
        await collect(store, "a/none")
    with pytest.raises(ObjectMissing):
        await collect(store, "a/none", 3, 5)


async def test_deletes_and_deletes_again(store: ObjectStore):
    await store.put_bytes("a/x", b"abc", content_type="text/plain")
    await store.put_bytes("a/y", b"abc", content_type="text/plain")
    await store.delete("a/x")
    await store.delete("a/x")
    await store.delete("never/there")
    assert await store.stat("a/x") is None
    assert await keys(store) == {"a/y"}
    await store.put_bytes("a/x", b"other", content_type="text/plain")
    assert await store.get_bytes("a/x") == b"other"


async def test_lists_a_folder_and_not_what_only_begins_like_it(store: ObjectStore):
    for key in ("a/1", "a/b/2", "ab/3", "a-/4", "5"):
        await store.put_bytes(key, b"abc", content_type="text/plain")
    assert await keys(store) == {"a/1", "a/b/2", "ab/3", "a-/4", "5"}
    assert await keys(store, "a") == {"a/1", "a/b/2"}
    assert await keys(store, "a/b") == {"a/b/2"}
    assert await keys(store, "none") == set()


BAD_KEYS = [
    *("", "/", "/etc/passwd", "..", "../x", "a/../x", "a/./x", "a//x", "a/", ".hidden", "a/.hidden", "-i", "a/-i"),
    *("a b", "a\\b", "a\x00b", "a\nb", "a\n", "ä", "a%2f..", "~", "a:b", "a*", "x" * 513, "x" * 201, "a/" * 300 + "a"),
]


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_refuses_a_key_outside_the_grammar_in_every_method(store: ObjectStore, key: str, tmp_path: Path):
    (tmp_path / "f").write_bytes(b"abc")
    with pytest.raises(InvalidKey):
        await store.put_bytes(key, b"abc", content_type="text/plain")
    with pytest.raises(InvalidKey):
        await store.put_file(key, tmp_path / "f", content_type="text/plain")
    with pytest.raises(InvalidKey):
        await store.get_bytes(key)
    with pytest.raises(InvalidKey):
        await collect(store, key)
    with pytest.raises(InvalidKey):
        await store.stat(key)
    with pytest.raises(InvalidKey):
        store.local_path(key)
    with pytest.raises(InvalidKey):
        await store.delete(key)
    if key:
        with pytest.raises(InvalidKey):
            await keys(store, key)


@given(st.text())
def test_no_text_that_passes_as_a_key_leaves_the_folder(text: str):
    try:
        key = checked_key(text)
    except InvalidKey:
        return
    root = Path("/objects")
    assert (root / key).resolve().is_relative_to(root)
    assert (root / key).resolve() == root / key


@pytest.mark.parametrize(
    "content_type", ["", "audio", "audio/flac\r\nX: y", "Audio/FLAC", "a/b; c=d; e=f", "a/" + "b" * 99]
)
async def test_refuses_a_media_type_that_could_not_stand_in_a_header(store: ObjectStore, content_type: str):
    with pytest.raises(InvalidInput):
        await store.put_bytes("x", b"abc", content_type=content_type)
    assert await store.stat("x") is None
