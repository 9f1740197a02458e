"""256 KB segments with the signature checked, against nginx sending them by X-Accel-Redirect for the same application.

segment_delivery       segments/s of `vibestream web` alone, every address verified and every segment counted as evidence
                       of a listen. The reference is nginx in front of a second, equal server that verifies and counts
                       alike and leaves the sending to nginx (sendfile, kept-alive upstream, one worker).
segment_delivery_cpu   CPU microseconds per segment of all processes that had a part in it: server, database, nginx.

wrk asks over 16 connections. Rounds of the two alternate, so that whatever else the machine does hits both; medians
count.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import psutil
import psycopg

from tests.contexts.music.uploads.server import WebServer, free_port
from tests.factories.music import folder, make_music
from tests.factories.music_assets import MadeAsset
from tests.factories.users import make_user, signed_in
from vibestream.contexts.listen_reward.listening.service import register_track
from vibestream.contexts.music.delivery.service import set_quality
from vibestream.contexts.music.packaging.domain.layout import SEGMENT_TYPE, segment_key
from vibestream.kernel.ids import TrackId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres
from vibestream.platform.storage.local import LocalObjectStore

ROUNDS: Final = 7
ROUND_S: Final = 4
CONNECTIONS: Final = 16
SEGMENTS: Final = 64
SEGMENT_BYTES: Final = 256 * 1024
RUNG: Final = "aac-320"
SEED: Final = "benchmark-secret-benchmark-secret-benchmark"

_NGINX: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    open_file_cache max=1000 inactive=60s;
    upstream application {{ server 127.0.0.1:{upstream}; keepalive 32; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://application; proxy_http_version 1.1; proxy_set_header Connection ""; }}
        location /objects/ {{ internal; alias {objects}/; etag off; add_header ETag $upstream_http_etag; }}
    }}
}}
"""
_SCRIPT: Final = """
local n = 0
function request()
    n = n % {segments} + 1
    return wrk.format("GET", string.format("{root}/{rung}/s%05d.m4s", n))
end
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One way of sending, and the processes that take part in it."""

    url: str
    script: Path
    processes: list[psutil.Process]


def run() -> list[dict[str, Any]]:
    """Measure on a fresh database and object folder and return the two records."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        postgres = stack.enter_context(EmbeddedPostgres.start(root / "pg", binaries=find_binaries()))
        with psycopg.connect(postgres.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        owner = postgres.dsn(database="bench")
        migrate.upgrade(owner)
        track_id, token = asyncio.run(_published(owner, root / "data"))
        common = {"VIBESTREAM_SECRET_KEY": SEED}
        alone = stack.enter_context(WebServer(owner, root / "data", common))
        behind = stack.enter_context(WebServer(owner, root / "data", {**common, "VIBESTREAM_MEDIA_ACCEL": "/objects/"}))
        database = psutil.Process(postgres.process.pid)
        nginx_url, nginx = _nginx(stack, root, behind)
        script = _script(root, alone, track_id, token)
        ours = Side(alone.url, script, [psutil.Process(alone.pid), database])
        reference = Side(nginx_url, script, [psutil.Process(behind.pid), psutil.Process(nginx.pid), database])
        return _compare(ours, reference)


def _compare(ours: Side, reference: Side) -> list[dict[str, Any]]:
    sides = (ours, reference)
    rates: dict[str, list[float]] = {side.url: [] for side in sides}
    cpu: dict[str, list[float]] = {side.url: [] for side in sides}
    for number in range(ROUNDS + 1):
        for side in sides if number % 2 else reversed(sides):
            used = _cpu_s(side.processes)
            sent, rate = _wrk(side)
            if number:  # the first round only warms up
                rates[side.url].append(rate)
                cpu[side.url].append((_cpu_s(side.processes) - used) / sent * 1e6)
    return [
        _record("segment_delivery", rates, ours, reference, reach=0.85),
        _record("segment_delivery_cpu", cpu, ours, reference, reach=None),
    ]


def _record(
    name: str, figures: dict[str, list[float]], ours: Side, reference: Side, *, reach: float | None
) -> dict[str, Any]:
    mine, theirs = (statistics.median(figures[side.url]) for side in (ours, reference))
    return {"name": name, "ours": mine, "reference": theirs, "ratio": mine / theirs, "reach": reach}


async def _published(owner: str, data: Path) -> tuple[TrackId, str]:
    async with Database(as_app_role(owner), max_size=2, application="bench") as database, database.begin() as tx:
        music = await make_music(tx, duration_ms=SEGMENTS * 4_000, rungs=(RUNG,))
        listener = await make_user(tx)
        await set_quality(tx, user_id=listener.user_id, max_kbps=320, lossless=True, until=None, as_of=utc_now())
        token = await signed_in(tx, listener)
        await register_track(
            tx,
            track_id=music.track_id,
            artist_id=music.artist.artist_id,
            owner_user_id=music.artist.user_id,
            duration_ms=SEGMENTS * 4_000,
        )
    await _store(LocalObjectStore(data / "objects"), music.asset)
    return music.track_id, token


async def _store(objects: LocalObjectStore, made: MadeAsset) -> None:
    for number in range(1, SEGMENTS + 1):
        await objects.put_bytes(
            segment_key(made.address, RUNG, number), os.urandom(SEGMENT_BYTES), content_type=SEGMENT_TYPE
        )


def _script(root: Path, server: WebServer, track_id: TrackId, token: str) -> Path:
    with httpx2.Client(base_url=server.url, cookies={"vs_session": token}) as listener:
        opened = listener.post("/api/v1/listens", json={"track_id": str(track_id), "player_id": "bench"})
        opened.raise_for_status()
        asked = listener.post(f"/api/v1/tracks/{track_id}/playback", json={"listen_id": opened.json()["listen_id"]})
        asked.raise_for_status()
    if not asked.json()["attributed"]:
        raise RuntimeError("The listen would not be counted.")
    script = root / "segments.lua"
    master = folder(asked.json()["masters"][0]["url"])
    script.write_text(_SCRIPT.format(segments=SEGMENTS, root=master, rung=RUNG))
    return script


def _nginx(stack: ExitStack, root: Path, upstream: WebServer) -> tuple[str, subprocess.Popen[bytes]]:
    port = free_port()
    config = root / "nginx.conf"
    config.write_text(
        _NGINX.format(folder=root, upstream=upstream.port, port=port, objects=upstream.data_dir / "objects")
    )
    upstream.data_dir.chmod(0o755)  # nginx's worker is another user
    nginx = subprocess.Popen(["nginx", "-c", str(config), "-e", str(root / "nginx.log")])
    stack.callback(nginx.wait)
    stack.callback(nginx.terminate)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 10
    while True:
        try:
            httpx2.get(f"{url}/livez").raise_for_status()
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return url, nginx


def _wrk(side: Side) -> tuple[int, float]:
    """Return how many segments were sent in a round, and how many a second."""
    asked = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{ROUND_S}s", "--timeout", "10s", "-s", str(side.script), side.url],
        capture_output=True,
        text=True,
        check=True,
    )
    sent = re.search(r"(\d+) requests in [\d.]+m?s, ([\d.]+)([MG])B read", asked.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", asked.stdout)
    if sent is None or rate is None or "Non-2xx" in asked.stdout or "Socket errors" in asked.stdout:
        raise RuntimeError(asked.stdout)
    read = float(sent[2]) * 1024 ** (2 if sent[3] == "M" else 3)
    if read < 0.98 * int(sent[1]) * SEGMENT_BYTES:
        raise RuntimeError(f"Segments were not whole: {asked.stdout}")
    return int(sent[1]), float(rate[1])


def _cpu_s(processes: list[psutil.Process]) -> float:
    """Return the CPU seconds of these processes and all below them that live."""
    total = 0.0
    for process in processes:
        for one in [process, *process.children(recursive=True)]:
            try:
                times = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
    return total
