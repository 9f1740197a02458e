"""oidc-provider, which the OpenID Foundation certified, as an issuer to sign in with: nothing of ours is on its side.

Source: https://openid.net/developers/certified-openid-connect-implementations/
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

import httpx2

from tools.build_circuits import install
from tools.build_web import node_folder

FOLDER: Final = Path(__file__).parents[1] / "peers" / "oidc-provider"
CLIENT_ID: Final = "vibestream at the peer"
SECRET: Final = "a secret + with: signs / that need % encoding"
_UP_S: Final = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def setting(issuer: str, *, name: str = "larkspur") -> dict[str, object]:
    """What our settings say of the peer."""
    return {"name": name, "title": "Larkspur", "issuer": issuer, "client_id": CLIENT_ID, "secret": "VIBESTREAM_PEER"}


@contextmanager
def running(*, redirect_uris: list[str], port: int) -> Iterator[str]:
    """The peer on a port, with us as its client; its issuer's address."""
    install(FOLDER)
    client = {"client_id": CLIENT_ID, "client_secret": SECRET, "redirect_uris": redirect_uris}
    process = subprocess.Popen(
        [node_folder() / "bin" / "node", "peer.mjs", json.dumps({"client": client, "port": port})],
        cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(_UP_S)
        if process.stdout is not None:
            process.stdout.close()


class Visitor:
    """Somebody's browser at the peer: it follows redirects there, fills the form in, and stops where it is sent back."""

    def __init__(self, browser: httpx2.AsyncClient, *, home: str) -> None:
        self._browser = browser
        self._home = home

    async def signs_in(self, url: str, *, login: str, what: str = "go") -> str:
        """Open what our site sent the browser to, sign in there, and return the address that it is sent back to."""
        answer = await self._browser.get(url)
        for _ in range(12):
            if answer.status_code in {302, 303}:
                onward = urljoin(str(answer.url), answer.headers["location"])
                if onward.startswith(self._home):
                    return onward
                answer = await self._browser.get(onward)
                continue
            form = re.search(r'action="(/interaction/[^"]+)"', answer.text)
            assert form is not None, answer.text
            where = urljoin(str(answer.url), form[1])
            answer = await self._browser.post(where, data={"login": login, "what": what})
        raise AssertionError("the peer does not send anybody back")


@asynccontextmanager
async def visitor(*, home: str) -> AsyncIterator[Visitor]:
    """A fresh browser at the peer."""
    async with httpx2.AsyncClient(timeout=20) as browser, asyncio.timeout(60):
        yield Visitor(browser, home=home)
