"""A real web server in a process of its own, and a wire to it that breaks."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx2


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class WebServer:
    """`vibestream web` on loopback over a migrated database; it may be killed and started again."""

    database_url: str
    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> Path:
        return self.data_dir / "web.log"

    def start(self) -> Self:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "VIBESTREAM_ENVIRONMENT": "test",
            "VIBESTREAM_DATA_DIR": str(self.data_dir),
            "VIBESTREAM_PORT": str(self.port),
            "VIBESTREAM_LOG_LEVEL": "warning",
            **self.environment,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vibestream.cli", "web"],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx2.get(f"{self.url}/livez").status_code == 200:
                    return self
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError("the web server did not start: " + self.log.read_text()[-3000:])

    def kill(self) -> None:
        """Kill the server and whatever it started, at once and without a word."""
        os.killpg(self.pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()


class CutWire:
    """A TCP proxy that resets a connection each time so many bytes more have passed from the client to the server."""

    def __init__(self, target_port: int, *, cuts: list[int]) -> None:
        self.target_port = target_port
        self.cuts = list(cuts)
        self.made = 0
        self.passed = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        both = [
            asyncio.create_task(self._pass(reader, up_writer, counted=True)),
            asyncio.create_task(self._pass(up_reader, writer, counted=False)),
        ]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if any(task.done() and task.result() for task in both):
            _reset(writer)
            _reset(up_writer)
        else:
            await asyncio.wait(both, timeout=1)
        for task in both:
            task.cancel()
        for end in (writer, up_writer):
            end.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> bool:
        """Pass bytes on until the end; return whether the wire is to be cut."""
        try:
            while data := await reader.read(65_536):
                if counted:
                    self.passed += len(data)
                    if self.cuts and self.passed >= self.cuts[0]:
                        self.passed = 0
                        self.cuts.pop(0)
                        self.made += 1
                        return True
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return False
        return False


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
