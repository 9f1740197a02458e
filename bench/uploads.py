"""A master through tus into the object store, against a bare write of the same bytes to the same disk.

upload_throughput   MB/s of one PATCH of 256 MB over loopback to `vibestream web`: received, hashed, synced every 16 MiB,
                    noted in PostgreSQL (fsync on), linked into the object store, announced. The reference writes the
                    same bytes to a new file in pieces of 1 MiB and syncs once at the end.
upload_cpu          CPU seconds of the server and its database for it, against SHA-256 and the bare write of the same
                    bytes: what any server that checks what it received must spend.

Rounds of the two alternate, so that whatever else the machine does hits both; the best round of each counts.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg

from tests.contexts.music.uploads.server import WebServer
from tests.factories.users import make_artist, signed_in
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

SIZE: Final = 256 * 1024 * 1024
ROUNDS: Final = 4
PIECE: Final = 1024 * 1024


def run() -> list[dict[str, Any]]:
    """Measure on a fresh server and return the two records."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        postgres = stack.enter_context(EmbeddedPostgres.start(root / "pg", binaries=find_binaries()))
        with psycopg.connect(postgres.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        owner = postgres.dsn(database="bench")
        migrate.upgrade(owner)
        cookie = asyncio.run(_artist(owner))
        server = stack.enter_context(WebServer(owner, root / "data"))
        processes = [server.pid, postgres.process.pid]
        seconds, bare_seconds, cpu, bare_cpu = [], [], [], []
        for _ in range(ROUNDS):
            data = os.urandom(SIZE)  # of its own each time: what is stored already would not be stored again
            began, used = time.perf_counter(), _cpu(processes)
            _upload(server, cookie, data)
            seconds.append(time.perf_counter() - began)
            cpu.append(_cpu(processes) - used)
            began, used = time.perf_counter(), time.process_time()
            _write(root / "bare", data)
            bare_seconds.append(time.perf_counter() - began)
            hashlib.sha256(data).hexdigest()
            bare_cpu.append(time.process_time() - used)
    return [
        _record("upload_throughput", SIZE / min(seconds) / 1e6, SIZE / min(bare_seconds) / 1e6),
        _record("upload_cpu", min(cpu), min(bare_cpu)),
    ]


def _record(name: str, ours: float, reference: float) -> dict[str, Any]:
    return {"name": name, "ours": ours, "reference": reference, "ratio": ours / reference, "reach": None}


async def _artist(owner: str) -> str:
    async with Database(as_app_role(owner), max_size=1, application="bench") as database, database.begin() as tx:
        return f"vs_session={await signed_in(tx, await make_artist(tx))}"


def _upload(server: WebServer, cookie: str, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as wire:
        head = f"Host: localhost:{server.port}\r\nCookie: {cookie}\r\nTus-Resumable: 1.0.0\r\n"
        wire.sendall(
            f"POST /api/v1/tus HTTP/1.1\r\n{head}Upload-Length: {len(data)}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        created = _answer(wire)
        _require(created, status=201)
        address = next(line.split(": ")[1] for line in created.split("\r\n") if line.lower().startswith("location:"))
        wire.sendall(
            f"PATCH {address} HTTP/1.1\r\n{head}Upload-Offset: 0\r\nContent-Length: {len(data)}\r\n"
            "Content-Type: application/offset+octet-stream\r\n\r\n".encode()
        )
        wire.sendall(data)
        stored = _answer(wire)
        _require(stored, status=204)


def _require(answer: str, *, status: int) -> None:
    if not answer.startswith(f"HTTP/1.1 {status} "):
        raise RuntimeError(f"{status} was expected, and came: {answer}")


def _answer(wire: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received:
        received += wire.recv(65_536)
    return received.decode("latin-1")


def _write(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    with path.open("wb", buffering=0) as file:
        for step in range(0, len(data), PIECE):
            file.write(memoryview(data)[step : step + PIECE])
        os.fsync(file.fileno())


def _cpu(roots: list[int]) -> float:
    used = 0.0
    for root in roots:
        parent = psutil.Process(root)
        for process in (parent, *parent.children(recursive=True)):
            times = process.cpu_times()
            used += times.user + times.system
        used += parent.cpu_times().children_user + parent.cpu_times().children_system
    return used
