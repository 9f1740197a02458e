"""The application as it is served: granian in a process of its own, spoken to over a socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.factories.users import make_user, signed_in
from vibestream.platform.database import Database
from vibestream.platform.live import announce

WITHIN_S = 60


@dataclass
class Server:
    process: asyncio.subprocess.Process
    port: int
    metrics_port: int

    async def send(
        self, request: bytes, *, port: int | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port or self.port)
        writer.write(request)
        await writer.drain()
        return reader, writer

    async def answer(self, request: bytes, *, port: int | None = None) -> bytes:
        """Send a request and return everything that comes until the server closes."""
        reader, writer = await self.send(request, port=port)
        async with asyncio.timeout(WITHIN_S):
            whole = await reader.read()
        writer.close()
        return whole

    async def get(self, path: str, *, port: int | None = None) -> bytes:
        return await self.answer(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode(), port=port
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def server(owner_dsn: str, tmp_path: Path) -> AsyncIterator[Server]:
    port, metrics_port = _free_port(), _free_port()
    variables = {
        **os.environ,
        "DATABASE_URL": owner_dsn,
        "VIBESTREAM_PORT": str(port),
        "VIBESTREAM_METRICS_PORT": str(metrics_port),
        "VIBESTREAM_DATA_DIR": str(tmp_path / "data"),
        "VIBESTREAM_ENVIRONMENT": "test",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "vibestream.cli", "web", env=variables)
    server = Server(process, port, metrics_port)
    try:
        async with asyncio.timeout(WITHIN_S):
            while not await _is_ready(server):
                assert process.returncode is None
                await asyncio.sleep(0.1)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _is_ready(server: Server) -> bool:
    try:
        return b" 200 OK" in (await server.get("/readyz")).partition(b"\r\n")[0]
    except ConnectionError:
        return False


@pytest.fixture
async def cookie(database: Database) -> Callable[[], str]:
    async with database.begin() as tx:
        user = await make_user(tx)
        token = await signed_in(tx, user)
    return lambda: f"{user.user_id} Cookie: vs_session={token}"


async def test_serves_streams_and_goes_at_once_when_asked(server: Server, database: Database, cookie):
    user_id, _, header = cookie().partition(" ")
    stream = f"GET /events HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n".encode()
    async with asyncio.timeout(WITHIN_S):
        connections = [await server.send(stream) for _ in range(3)]
        readers = [reader for reader, _ in connections]
        for reader in readers:
            await reader.readuntil(b"event: hello\ndata: {}\n\n")
        async with database.begin() as tx:
            await announce(tx, topic=f"user:{user_id}", kind="test.said", data={"a": 1})
        for reader in readers:
            await reader.readuntil(b'event: test.said\ndata: {"a":1}\n\n')
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        rest = [await reader.read() for reader in readers]
        await server.process.wait()
        for _, writer in connections:
            writer.close()
    assert time.monotonic() - began < 4.5  # granian kills what has not gone after five
    assert server.process.returncode == 0
    assert all(end.endswith(b"0\r\n\r\n") for end in rest), rest  # the last chunk: ended, not cut


async def test_refuses_on_the_wire_what_no_client_library_would_send(server: Server, database: Database):
    host = b"Host: localhost\r\nConnection: close\r\n"

    async def status(request: bytes) -> int:
        return int((await server.answer(request)).split(b" ", 2)[1])

    assert await status(b"GET /a%ff%fe/%2e%2e/x HTTP/1.1\r\n" + host + b"\r\n") == 404
    assert await status(b"GET /a%00b HTTP/1.1\r\n" + host + b"\r\n") == 422
    assert await status(b"GET /livez?a=%ff%00 HTTP/1.1\r\n" + host + b"\r\n") == 422
    assert await status(b"GET /livez HTTP/1.1\r\n" + host + b"X-Request-Id: a\0b\r\n\r\n") == 400
    assert await status(b"BREW /livez HTTP/1.1\r\n" + host + b"\r\n") == 405
    assert await status(b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n" + host + b"\r\n") == 414
    head = await server.answer(b"HEAD /livez HTTP/1.1\r\n" + host + b"\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert head.endswith(b"\r\n\r\n")
    unread = (
        b"POST /api/v1/sessions HTTP/1.1\r\n"
        + host
        + b"Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{"
    )
    assert b"http.body_too_large" in await server.answer(unread)
    smuggled = (
        b"POST /api/v1/sessions HTTP/1.1\r\n"
        + host
        + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    assert await status(smuggled) in {400, 415, 422}

    metrics = await server.get("/metrics", port=server.metrics_port)
    assert b'vibestream_http_requests_total{method="OTHER",route="/livez",status="405"} 1.0' in metrics
    assert b"vibestream_database_up 1.0" in metrics
    assert b"vibestream_live_listening 1.0" in metrics
    server.process.send_signal(signal.SIGINT)
    async with asyncio.timeout(WITHIN_S):
        assert await server.process.wait() == 0
