"""A server on a raw socket that answers as badly as it is told to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field


@dataclass
class RawServer:
    """What it was sent, and what it does with the next requests, the last one for ever."""

    port: int
    script: list[bytes | None]
    """Bytes are sent as they are, and the connection ends; None: never answered."""
    requests: list[bytes] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def until(self, part: bytes) -> bytes:
        """Wait for a request that holds this, and return it."""
        while True:
            for request in self.requests:
                if part in request:
                    return request
            self.came.clear()
            await self.came.wait()


@contextlib.asynccontextmanager
async def raw_server(*script: bytes | None) -> AsyncIterator[RawServer]:
    """Serve on a free loopback port until the block ends."""
    open_: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            server.requests.append(head + await reader.readexactly(length))
            server.came.set()
            answer = server.script.pop(0) if len(server.script) > 1 else server.script[0]
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    server = RawServer(listening.sockets[0].getsockname()[1], list(script))
    try:
        yield server
    finally:
        listening.close()
        for writer in open_:
            writer.close()
        await listening.wait_closed()


def answer(status: str, body: bytes | str, *headers: str, kind: str = "application/json") -> bytes:
    """Return an answer as it goes over the wire."""
    sent = body.encode() if isinstance(body, str) else body
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(sent)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + sent


def cut(whole: bytes, *, after: Callable[[int], int] = lambda size: size - 5) -> bytes:
    """Return an answer that ends before its length."""
    return whole[: after(len(whole))]
