"""Stolen passwords: by a party over the network that hears five digits, by a file, and by nobody when nobody answers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from vibestream.contexts.user.passwords.gateway import (
    Breaches,
    FileRanges,
    RangeUnavailable,
    RemoteRanges,
    open_breaches,
)
from vibestream.platform.config import Environment, load_settings

STOLEN = "correct horse battery staple"
DIGEST = "ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42"
"""SHA-1 of it, worked out by `sha1sum`."""


@asynccontextmanager
async def party(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A party of ranges on a real socket, and its address."""
    app = web.Application()
    app.router.add_get("/range/{prefix}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/range"
    finally:
        await runner.cleanup()


async def test_a_party_hears_five_digits_and_nothing_else():
    heard: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append((request.path_qs, request.headers["Add-Padding"]))
        return web.Response(text=f"{'0' * 35}:3\r\n{DIGEST[5:]}:219\r\n{'F' * 35}:0\r\n")

    async with party(answer) as address:
        breaches = Breaches([RemoteRanges(address)])
        assert await breaches.knows(STOLEN) is True
        assert await breaches.knows("velvet harbour lantern 42") is False
    assert heard[0] == ("/range/ABF7A", "true")
    assert len(heard[1][0]) == len("/range/ABF7A")


async def test_padding_of_count_nought_is_no_stolen_password():
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=f"{DIGEST[5:]}:0\r\n")

    async with party(answer) as address:
        assert await Breaches([RemoteRanges(address)]).knows(STOLEN) is False


@pytest.mark.parametrize("kind", ["error", "redirect", "markup", "empty", "endless", "slow"])
async def test_a_party_that_does_not_answer_in_its_words_says_nothing(kind: str):
    async def answer(_: web.Request) -> web.StreamResponse:
        match kind:
            case "error":
                return web.Response(status=500)
            case "redirect":
                return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/range/ABF7A"})
            case "markup":
                return web.Response(text="<html>sign in to this network</html>")
            case "empty":
                return web.Response(text="")
            case "endless":
                return web.Response(text=f"{DIGEST[5:]}:1\n" * 60_000)
            case _:
                await asyncio.sleep(3)
                return web.Response(text=f"{DIGEST[5:]}:1")

    async with party(answer) as address:
        with pytest.raises(RangeUnavailable):
            await RemoteRanges(address).suffixes("ABF7A")
        assert await Breaches([RemoteRanges(address)]).knows(STOLEN) is None


async def test_a_file_answers_where_the_party_is_silent(tmp_path: Path):
    path = tmp_path / "stolen.txt"
    path.write_text(f"{DIGEST}:219\n")
    settings = load_settings(
        environment=Environment.TEST, password_breach_url="http://127.0.0.1:1/range", password_breach_file=path
    )
    assert await open_breaches(settings).knows(STOLEN) is True
    assert await open_breaches(load_settings(environment=Environment.TEST)).knows(STOLEN) is False
    assert await Breaches([FileRanges(tmp_path / "none")]).knows(STOLEN) is None


@pytest.mark.parametrize("most", [1, 2, 3, 50, 5_000])
async def test_a_file_is_searched_by_halves_and_finds_each_of_its_lines(tmp_path: Path, most: int):
    digests = sorted(hashlib.sha1(f"{n}".encode(), usedforsecurity=False).hexdigest().upper() for n in range(most))
    path = tmp_path / "stolen.txt"
    path.write_text("".join(f"{one}:{n + 1}\r\n" for n, one in enumerate(digests)))
    ranges = FileRanges(path)
    for one in (*digests[:20], *digests[-20:]):
        together = {other[5:] for other in digests if other[:5] == one[:5]}
        assert await ranges.suffixes(one[:5]) == together
    absent = {f"{n:05X}" for n in range(0, 2**20, 40_001)} - {one[:5] for one in digests}
    for prefix in absent:
        assert await ranges.suffixes(prefix) == frozenset()
