"""Apprise against real receivers: an HTTP server, a mail server, and ones that hang, drip, redirect or are a proxy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from vibestream.platform.alert_receivers import Message, addresses_of, send
from vibestream.platform.config import Environment, load_settings
from vibestream.sandbox.mail import letterbox
from vibestream.sandbox.mail.server import serve

WRONG = Message("VibeStream at https://vibe.example", "WRONG ledger.balanced: ñ <b>3</b> found\nWRONG b: c", wrong=True)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Listen = Callable[[Talk], Awaitable[str]]


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    servers = []

    async def start(talk: Talk) -> str:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        servers.append(server)
        return f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


async def children() -> list[str]:
    """Return the command lines of processes that send alerts now."""
    return [
        line
        for one in Path("/proc").glob("[0-9]*/cmdline")
        if b"vibestream.platform.alert_sender" in (line := _read(one)).encode()
    ]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def test_a_mailbox_is_told_over_smtp(tmp_path: Path):
    settings = load_settings(environment=Environment.TEST, data_dir=tmp_path)
    async with serve(settings) as server:
        to = f"mailto://{server.host}:{server.port}/?to=ops@example.org&from=vibe@example.org&mode=insecure"
        assert await send([to], WRONG) == ["sent"]
        (message,) = letterbox.arrived(letterbox.folder_of(settings))
    assert message.to == "ops@example.org"
    assert message.subject == WRONG.title
    assert "WRONG ledger.balanced: ñ <b>3</b> found\nWRONG b: c" in message.text


async def test_a_receiver_that_hangs_or_drips_is_given_up_and_holds_up_nobody(listen: Listen):
    heard: list[bytes] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:  # each byte comes in time: no timeout of a read ends this
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.2)
        except ConnectionError:
            writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    hanging, dripping, good = await listen(hang), await listen(drip), await listen(take)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.05)
            beats += 1

    clock, began = asyncio.create_task(beat()), time.monotonic()
    became = await send([f"json://{hanging}/", f"json://{dripping}/?rto=60", f"json://{good}/"], WRONG, patience_s=3.0)
    took = time.monotonic() - began
    clock.cancel()
    assert became == ["late", "late", "sent"]
    assert len(heard) == 1
    assert took < 5
    assert beats > 20, "the worker went on all the while"
    assert await children() == []


async def test_no_proxy_of_the_environment_hears_the_secret(listen: Listen, monkeypatch: pytest.MonkeyPatch):
    overheard: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        overheard.append(await reader.read(1_000))
        writer.close()

    address = await listen(proxy)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{address}")
    assert await send(["json://127.0.0.1:1/secret"], WRONG) == ["failed"]
    assert overheard == []


async def test_an_address_is_in_no_command_line(listen: Listen):
    lines: list[str] = []

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        lines.extend(await children())
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    assert await send([f"json://{await listen(look)}/very-secret"], WRONG) == ["sent"]
    assert len(lines) == 1
    assert "very-secret" not in lines[0]


async def test_when_the_wait_is_called_off_the_process_ends(listen: Listen):
    reached = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()
        writer.close()

    task = asyncio.create_task(send([f"json://{await listen(hang)}/"], WRONG))
    await asyncio.wait_for(reached.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await children() == []


def test_addresses_are_parted_by_white_space_alone():
    assert addresses_of(" mailto://a:b@x.example?to=c,d \n\tjson://y/ ") == [
        "mailto://a:b@x.example?to=c,d",
        "json://y/",
    ]
