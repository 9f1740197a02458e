"""Packaging a real song, against the bare encoder.

packaging_cpu          CPU seconds of one whole job over a five-minute FLAC: probing, loudness, true peak, waveform,
                       fingerprint, AAC 96/160/320 and the FLAC master, every object stored with fsync, progress and
                       events in PostgreSQL, sandboxes and Python included. The reference is the same ffmpeg making the
                       same ladder as HLS in one process, and nothing else.
upload_to_playable_s   seconds from the last byte of that FLAC's upload, sent by tus to `vibestream web`, until its first
                       segment is listed, by a worker of its own. The reference is the time the same ffmpeg, started
                       bare on the file, takes to list its first segment of the same rung.

Rounds of the two sides alternate, so that whatever else the machine does hits both; the best round of each counts.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import psycopg
import uvloop

from bench.uploads import _answer, _artist, _require
from tests.contexts.music.uploads.server import WebServer
from tests.factories.sounds import SINGULARITY
from vibestream.contexts.music.packaging import service as packaging
from vibestream.contexts.music.packaging.jobs import package_asset
from vibestream.kernel.ids import UploadId, UserId, new_id
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.mail import Mailer
from vibestream.platform.media.programs import ffmpeg as find_ffmpeg
from vibestream.platform.media.sandbox import without_bubblewrap
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store
from vibestream.platform.storage.objects import digest_of_file

ROUNDS: Final = 3
SONG: Final = SINGULARITY / "Nebula.ogg"
_PR_SET_CHILD_SUBREAPER: Final = 36
_AAC: Final = ("96k", "160k", "320k")
_HLS: Final = ("-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", "4", "-hls_list_size", "0")


def run() -> list[dict[str, Any]]:
    """Measure both on a fresh database and return the two records."""
    if not SONG.is_file():
        raise RuntimeError("The song is missing: apt install singularity-music.")
    # bubblewrap's inner process outlives its outer one for a moment: as its reaper we are told what it used.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        postgres = stack.enter_context(EmbeddedPostgres.start(root / "pg", binaries=find_binaries()))
        with psycopg.connect(postgres.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        owner = postgres.dsn(database="bench")
        migrate.upgrade(owner)
        program = find_ffmpeg(None, sandbox=without_bubblewrap(), work=root).executable
        return [uvloop.run(_packaging_cpu(root, owner, program)), _upload_to_playable(root, owner, program)]


async def _packaging_cpu(root: Path, owner: str, program: Path) -> dict[str, Any]:
    settings = load_settings(environment=Environment.TEST, data_dir=root / "alone", log_level="warning")
    ours, bare = [], []
    async with Database(as_app_role(owner), application="bench") as database:
        runtime = Runtime(
            settings=settings,
            database=database,
            objects=open_store(settings),
            mailer=Mailer(settings),
            cpu=BoundedThreads(threads=1),
        )
        await _package(runtime, _flac(root, "warm", seconds=8))  # a worker packages many: the first one loads code
        for number in range(ROUNDS):
            song = _flac(root, f"cpu{number}")
            before = _cpu()
            _ladder(program, song, root / "bare")
            between = _cpu()
            await _package(runtime, song)
            bare.append(between - before)
            ours.append(_cpu() - between)
    return {"name": "packaging_cpu", **_best(ours, bare), "reach": "<= 1.1"}


async def _package(runtime: Runtime, song: Path) -> None:
    sha256 = digest_of_file(song)
    await runtime.objects.put_file(packaging.original_key(sha256), song, content_type="audio/flac", sha256=sha256)
    async with runtime.database.begin() as tx:
        asset_id = await packaging.request_packaging(
            tx, upload_id=UploadId(new_id()), user_id=UserId(new_id()), sha256=sha256, file_name="song.flac"
        )
    await package_asset(runtime, asset_id=str(asset_id))
    async with runtime.database.begin() as tx:
        asset = await packaging.load_asset(tx, asset_id=asset_id)
    if asset.state is not packaging.State.READY:
        raise RuntimeError(f"The master is {asset.state}.")


def _upload_to_playable(root: Path, owner: str, program: Path) -> dict[str, Any]:
    cookie = asyncio.run(_artist(owner))
    ours, bare = [], []
    with WebServer(owner, root / "data") as server:
        command = [sys.executable, "-m", "tests.factories.packaging_process", owner, str(root / "data")]
        worker = subprocess.Popen(command, env={**os.environ, "VIBESTREAM_LOG_LEVEL": "warning"})
        try:
            with psycopg.connect(owner, autocommit=True) as watch:
                for number in range(ROUNDS):
                    song = _flac(root, f"upload{number}")
                    bare.append(_first_segment(program, song, root / "bare"))
                    ours.append(_playable_after(server, cookie, song, watch))
                    _wait(lambda: _states(watch) == {"ready"}, within_s=300)
        finally:
            worker.terminate()
            worker.wait()
    return {"name": "upload_to_playable_s", **_best(ours, bare), "reach": "<= 1.5 s"}


def _best(ours: list[float], reference: list[float]) -> dict[str, float]:
    return {"ours": min(ours), "reference": min(reference), "ratio": min(ours) / min(reference)}


def _flac(root: Path, name: str, *, seconds: int = 3600) -> Path:
    """Return the song as a FLAC of its own: what is packaged already would not be packaged again."""
    path = root / f"{name}.flac"
    tag = ["-metadata", f"comment={name}-{time.time_ns()}"]
    command: list[str | Path] = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-i",
        SONG,
        "-t",
        str(seconds),
        "-sample_fmt",
        "s16",
        *tag,
        path,
    ]
    subprocess.run(command, check=True)
    return path


def _cpu() -> float:
    """Return the CPU seconds that we, our children and their orphans have used."""
    time.sleep(0.3)
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _ladder(program: Path, song: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    command: list[str | Path] = [program, "-v", "error", "-nostdin", "-i", song]
    for bitrate in _AAC:
        command += ["-map", "0:a:0", "-c:a", "aac", "-b:a", bitrate, *_files(folder, bitrate)]
    subprocess.run([*command, "-map", "0:a:0", "-c:a", "flac", *_files(folder, "flac")], check=True)


def _files(folder: Path, rung: str) -> list[str | Path]:
    place = folder / rung
    place.mkdir()
    # Relative to the playlist: ffmpeg puts the initialisation beside it by itself.
    return [*_HLS, "-hls_segment_filename", place / "s%05d.m4s", place / "index.m3u8"]


def _first_segment(program: Path, song: Path, folder: Path) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    began = time.perf_counter()
    files = ["-hls_playlist_type", "event", "-hls_flags", "temp_file", *_files(folder, "160k")]
    process = subprocess.Popen(
        [program, "-v", "error", "-nostdin", "-i", song, "-c:a", "aac", "-b:a", "160k", *files[2:4], *files]
    )
    try:
        _wait((folder / "160k" / "index.m3u8").exists, within_s=60)
        return time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _playable_after(server: WebServer, cookie: str, song: Path, watch: psycopg.Connection[Any]) -> float:
    data = song.read_bytes()
    head = f"Host: localhost:{server.port}\r\nCookie: {cookie}\r\nTus-Resumable: 1.0.0\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as wire:
        create = f"POST /api/v1/tus HTTP/1.1\r\n{head}Upload-Length: {len(data)}\r\nContent-Length: 0\r\n\r\n"
        wire.sendall(create.encode())
        created = _answer(wire)
        _require(created, status=201)
        address = next(line.split(": ")[1] for line in created.split("\r\n") if line.lower().startswith("location:"))
        patch = f"PATCH {address} HTTP/1.1\r\n{head}Upload-Offset: 0\r\nContent-Length: {len(data)}\r\n"
        wire.sendall(f"{patch}Content-Type: application/offset+octet-stream\r\n\r\n".encode() + data)
        sent = time.perf_counter()
        _require(_answer(wire), status=204)
    _wait(lambda: "playable" in _states(watch), within_s=60)
    return time.perf_counter() - sent


def _states(watch: psycopg.Connection[Any]) -> set[str]:
    return {state for (state,) in watch.execute("SELECT state FROM music.asset").fetchall()}


def _wait(until: Callable[[], bool], *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not until():
        if time.monotonic() > deadline:
            raise RuntimeError("It did not come to pass.")
        time.sleep(0.003)
