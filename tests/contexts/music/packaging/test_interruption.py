"""A run may be killed anywhere: what played goes on playing, what is told is true, and the end is the same."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories.sounds import ffmpeg, real_song, tone
from vibestream.contexts.music.packaging import store
from vibestream.contexts.music.packaging.domain.playlists import is_ended, listed_segments
from vibestream.contexts.music.packaging.domain.reasons import Refused
from vibestream.contexts.music.packaging.gateway import commands
from vibestream.contexts.music.packaging.gateway.faults import MachineFault, check_ending
from vibestream.contexts.music.packaging.jobs import package_asset
from vibestream.contexts.music.packaging.service import State, object_prefix, playlist_key, retry_packaging
from vibestream.contexts.music.packaging.service.reporting import Overtaken, Report
from vibestream.platform.media.child import Ending
from vibestream.platform.storage.objects import ObjectMissing, StorageFull


@contextmanager
def worker(studio) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.factories.packaging_process", studio.runtime.database.dsn]
    process = subprocess.Popen([*command, str(studio.runtime.settings.data_dir)], start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def settled(studio, asset_id, *, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if (await studio.asset(asset_id)).state.settled:
            return True
        await asyncio.sleep(0.02)
    return False


async def listing(studio, asset) -> tuple[int, bool]:
    try:
        text = await studio.runtime.objects.get_bytes(playlist_key(asset.address, "aac-160"))
    except ObjectMissing:
        return 0, False
    return listed_segments(text.decode()), is_ended(text.decode())


@pytest.mark.slow
async def test_killed_at_random_moments_it_ends_as_if_it_had_not_been(studio, tmp_path):
    song = tmp_path / "song.flac"
    ffmpeg("-i", real_song("Nebula.ogg"), "-t", "70", "-sample_fmt", "s16", song)
    asset_id = await studio.hand_in(song)
    moments = random.Random(11)
    seen = (0, False)

    for _ in range(5):  # and then it is let run: as often as the job is tried in all
        with worker(studio):
            done = await settled(studio, asset_id, within_s=0.4 + moments.random() * 1.6)
        asset = await studio.asset(asset_id)
        now = await listing(studio, asset)
        assert now >= seen, "a playlist shrank"
        seen = now
        for rendition in (await studio.renditions(asset_id)).values():
            for number in range(1, rendition.segments + 1):
                assert (studio.folder(asset) / rendition.folder / f"s{number:05d}.m4s").stat().st_size > 0
        if done:
            break
        async with studio.runtime.database.begin() as tx:  # it may be killed as often as it takes here
            await tx.execute("UPDATE music.asset SET runs_allowed = 100")
    with worker(studio):
        assert await settled(studio, asset_id, within_s=60)

    asset = await studio.asset(asset_id)
    assert asset.state is State.READY
    kinds = [kind for kind, _ in await studio.events()]
    assert (kinds.count("asset_playable"), kinds.count("asset_ready")) == (1, 1)
    interrupted = await contents(studio, asset)
    await erase(studio, asset)
    again = await studio.asset(await studio.hand_in(song))
    await package_asset(studio.runtime, asset_id=str(again.asset_id))
    assert await contents(studio, await studio.asset(again.asset_id)) == interrupted
    assert not list((studio.runtime.settings.data_dir / "packaging").glob("*"))


async def contents(studio, asset) -> dict[str, bytes]:
    return {
        key.removeprefix(object_prefix(asset)): await studio.runtime.objects.get_bytes(key)
        async for key in studio.runtime.objects.list_keys(object_prefix(asset).rstrip("/"))
    }


async def erase(studio, asset) -> None:
    for key in [key async for key in studio.runtime.objects.list_keys(object_prefix(asset).rstrip("/"))]:
        await studio.runtime.objects.delete(key)
    async with studio.runtime.database.begin() as tx:
        await tx.execute(
            "UPDATE music.asset SET state = 'failed', waveform = '', percent = 0 WHERE asset_id = %s", [asset.asset_id]
        )
        await tx.execute(
            "UPDATE music.rendition SET complete = false, segments = 0 WHERE asset_id = %s", [asset.asset_id]
        )
        await retry_packaging(tx, asset_id=asset.asset_id, user_id=studio.user_id)


@pytest.mark.slow
async def test_a_song_plays_long_before_it_is_packaged(studio, tmp_path):
    song = tmp_path / "song.flac"
    ffmpeg("-i", real_song("Nebula.ogg"), "-t", "150", "-sample_fmt", "s16", song)
    asset_id = await studio.hand_in(song)
    counts = []

    with worker(studio):
        while not (asset := await studio.asset(asset_id)).state.settled:
            if asset.state is State.PLAYABLE:
                text = (await studio.text(asset, "master.m3u8")).splitlines()
                assert next(line for line in text if line.endswith("m3u8")) == "aac-160/index.m3u8"
                counts.append(await listing(studio, asset))
            await asyncio.sleep(0.05)

    assert asset.state is State.READY
    growing = [count for count, ended in counts if not ended]
    assert growing == sorted(growing)
    assert len(set(growing)) >= 2
    assert growing[0] < 38 // 2


async def test_an_older_run_can_tell_nothing_any_more(studio, tmp_path):
    asset_id = await studio.hand_in(tone(tmp_path / "song.flac", seconds=2))
    async with studio.runtime.database.begin() as tx:
        older = await store.begin_run(tx, asset_id=asset_id)
        await store.begin_run(tx, asset_id=asset_id)

    report = Report(studio.runtime.database, asset_id, older, State.PROBING)
    with pytest.raises(Overtaken):
        await report.progress(50)
    with pytest.raises(Overtaken):
        await report.ready([], duration_ms=1)

    assert (await studio.asset(asset_id)).state is State.PROBING
    assert await studio.events() == []


async def test_a_master_that_kills_every_run_fails_and_can_be_asked_for_again(studio, tmp_path):
    asset_id = await studio.hand_in(tone(tmp_path / "song.flac", seconds=2))
    async with studio.runtime.database.begin() as tx:
        for _ in range(5):
            await store.begin_run(tx, asset_id=asset_id)

    await package_asset(studio.runtime, asset_id=str(asset_id))

    asset = await studio.asset(asset_id)
    assert asset.state is State.FAILED
    assert asset.explanation == "Something on our side went wrong. Your file is safe; ask for it to be prepared again."
    async with studio.runtime.database.begin() as tx:
        await retry_packaging(tx, asset_id=asset_id, user_id=studio.user_id)
    await package_asset(studio.runtime, asset_id=str(asset_id))
    assert (await studio.asset(asset_id)).state is State.READY


async def test_an_encoder_that_the_machine_kills_is_not_the_masters_fault(studio, tmp_path, monkeypatch):
    asset_id = await studio.hand_in(tone(tmp_path / "song.flac", seconds=20))
    real = commands.first_rung

    def suicidal(*args, **kwargs):
        arguments = real(*args, **kwargs)
        return [
            *arguments[: arguments.index("-i")],
            "-re",
            *arguments[arguments.index("-i") :],
        ]  # slow enough to be caught

    monkeypatch.setattr(commands, "first_rung", suicidal)
    running = asyncio.create_task(package_asset(studio.runtime, asset_id=str(asset_id)))
    while not (pids := ffmpegs(tmp_path)):  # noqa: ASYNC110 - another program's coming has no event
        await asyncio.sleep(0.02)
    for pid in pids:
        subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(pid)], check=False)

    with pytest.raises(MachineFault):
        await running
    asset = await studio.asset(asset_id)
    assert (asset.state, asset.reason) == (State.PACKAGING, None)
    monkeypatch.undo()
    await package_asset(studio.runtime, asset_id=str(asset_id))
    assert (await studio.asset(asset_id)).state is State.READY


def ffmpegs(folder: Path) -> list[int]:
    """Return the ffmpeg programs that read a song in this folder, and nobody else's."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words and b"ffmpeg" in words[0] and any(word.startswith(f"file:{folder}/".encode()) for word in words):
            found.append(int(entry.name))
    return found


class FullStore:
    """The real object store, on a disk that is full after so many objects."""

    def __init__(self, real, room: int) -> None:
        self._real = real
        self._room = room

    def __getattr__(self, name):
        return getattr(self._real, name)

    async def put_bytes(self, key, data, **how):
        self._room -= 1
        if self._room < 0:
            raise StorageFull("No room.")
        return await self._real.put_bytes(key, data, **how)


@pytest.mark.parametrize("room", [0, 1, 3, 6, 9, 14])
async def test_a_disk_that_fills_up_leaves_nothing_half_made_and_the_next_run_goes_on(studio, tmp_path, room):
    asset_id = await studio.hand_in(tone(tmp_path / "song.flac", seconds=10))
    runtime = studio.runtime
    full = replace(runtime, objects=FullStore(runtime.objects, room))

    with pytest.raises(StorageFull):
        await package_asset(full, asset_id=str(asset_id))

    asset = await studio.asset(asset_id)
    for rendition in (await studio.renditions(asset_id)).values():
        assert rendition.rung == "aac-160"
        assert f"{rendition.folder}/s{rendition.segments:05d}.m4s" in await studio.keys(asset)
    await package_asset(runtime, asset_id=str(asset_id))
    assert (await studio.asset(asset_id)).state is State.READY


class WatchedStore:
    """The real object store, with a note of how many segments each playlist lists that is put into it."""

    def __init__(self, real) -> None:
        self._real = real
        self.listed: list[int] = []
        self.ended: list[bool] = []

    def __getattr__(self, name):
        return getattr(self._real, name)

    async def put_bytes(self, key, data, **how):
        if key.endswith("aac-160/index.m3u8"):
            self.listed.append(listed_segments(data.decode()))
            self.ended.append(is_ended(data.decode()))
        return await self._real.put_bytes(key, data, **how)


async def test_a_run_that_begins_again_never_lists_less_than_players_know(studio, tmp_path):
    asset_id = await studio.hand_in(tone(tmp_path / "song.flac", seconds=30))
    asset = await studio.asset(asset_id)
    key = playlist_key(asset.address, "aac-160")
    known = "#EXTM3U\n" + "#EXTINF:4.010666,\n" * 5
    await studio.runtime.objects.put_bytes(key, known.encode(), content_type="a/b", immutable=False)
    watched = WatchedStore(studio.runtime.objects)

    await package_asset(replace(studio.runtime, objects=watched), asset_id=str(asset_id))

    assert min(watched.listed) >= 5
    assert watched.listed == sorted(watched.listed)
    assert watched.ended == [False] * (len(watched.ended) - 1) + [True]


async def test_a_playlist_that_has_ended_is_not_opened_again(studio, tmp_path):
    asset_id = await studio.hand_in(tone(tmp_path / "song.flac", seconds=30))
    key = playlist_key((await studio.asset(asset_id)).address, "aac-160")
    known = "#EXTM3U\n#EXTINF:4.010666,\n#EXT-X-ENDLIST\n"
    await studio.runtime.objects.put_bytes(key, known.encode(), content_type="a/b", immutable=False)
    watched = WatchedStore(studio.runtime.objects)

    await package_asset(replace(studio.runtime, objects=watched), asset_id=str(asset_id))

    assert watched.ended == [True]


async def test_a_song_whose_end_is_damaged_plays_until_that_is_known_and_never_ends_early(studio, tmp_path):
    whole = tone(tmp_path / "song.flac", seconds=40).read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) * 3 // 4])
    watched = WatchedStore(studio.runtime.objects)

    asset = await studio.package(tmp_path / "cut.flac", runtime=replace(studio.runtime, objects=watched))

    assert asset.state is State.REFUSED
    assert watched.listed
    assert not any(watched.ended)
    assert [kind for kind, _ in await studio.events()] == ["asset_playable", "asset_refused"]
    assert await studio.keys(asset) == set()


async def test_what_another_encoder_began_is_made_anew_beside_it(studio, tmp_path):
    asset_id = await studio.hand_in(tone(tmp_path / "song.flac", seconds=10))
    asset = await studio.asset(asset_id)
    prefix = object_prefix(asset)
    await studio.runtime.objects.put_bytes(
        f"{prefix}aac-160/s00001.m4s", b"other bytes", content_type="video/iso.segment"
    )
    await studio.runtime.objects.put_bytes(f"{prefix}aac-320/init.mp4", b"other bytes", content_type="video/mp4")

    await package_asset(studio.runtime, asset_id=str(asset_id))

    assert (await studio.asset(asset_id)).state is State.READY
    made = await studio.renditions(asset_id)
    assert {rung: one.folder for rung, one in made.items()} == {
        "aac-96": "aac-96",
        "aac-160": "aac-160.2",
        "aac-320": "aac-320.2",
        "flac": "flac",
    }
    assert "aac-160.2/index.m3u8" in await studio.text(asset, "master.m3u8")
    keys = await studio.keys(asset)
    assert not any(key.startswith(("aac-160/", "aac-320/")) for key in keys)


def test_how_a_program_ended_says_whose_fault_it_is():
    def verdict(*, code: int = 0, killed_by: signal.Signals | None = None, late: bool = False, said: str = "") -> str:
        try:
            check_ending(Ending(code, killed_by, late, said))
        except Refused as refused:
            return refused.reason.value
        except MachineFault:
            return "machine"
        return "well"

    assert verdict() == "well"
    assert verdict(killed_by=signal.SIGKILL, late=True) == "machine"
    assert verdict(killed_by=signal.SIGKILL) == "machine"
    assert verdict(killed_by=signal.SIGXCPU) == "too_costly"
    assert verdict(killed_by=signal.SIGSEGV) == "damaged"
    assert verdict(code=1, said="bwrap: Can't mount proc") == "machine"
    assert verdict(code=127, said="error while loading shared libraries: libx.so") == "machine"
    assert verdict(code=1, said="Stream map '0:a:0' matches no streams.") == "no_sound"
    assert verdict(code=1, said="Codec (adpcm_ms) not on whitelist 'pcm_s16le'") == "codec"
    assert verdict(code=1, said="Codec (png) not on whitelist 'flac'\nInvalid data") == "damaged"
    assert verdict(code=69) == "damaged"
