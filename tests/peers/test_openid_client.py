"""openid-client, which the OpenID Foundation certified, against our provider as it is served: nothing of ours checks ours.

Source: https://openid.net/developers/certified-openid-connect-implementations/
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.factories.users import User, make_user, signed_in
from tools.build_web import node_folder
from vibestream.contexts.user.oauth import service
from vibestream.contexts.user.oauth.service import Confidence, Registered
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

HERE = Path(__file__).parent / "openid-client"
WITHIN_S = 60
BACK = "http://127.0.0.1:51004/back"
SERVERS_BACK = "https://app.example/back"
FROM_HERE = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
SCOPE = "openid profile email offline_access wallet:read"


class PeerRefused(Exception):
    """What the peer told instead of an answer."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told)
        self.told = told


@dataclass
class Peer:
    process: asyncio.subprocess.Process

    async def __call__(self, step: str, **details: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"step": step, **details}).encode() + b"\n")
        async with asyncio.timeout(WITHIN_S):
            line = await self.process.stdout.readline()
        answer = json.loads(line)
        if "refused" in answer:
            raise PeerRefused(answer["refused"])
        return answer["ok"]


@dataclass
class Site:
    url: str
    user: User
    public: Registered
    confidential: Registered
    television: Registered
    browser: httpx2.AsyncClient
    database: Database

    async def allow(self, url: str) -> str:
        """Open what the app opens in the browser, allow it, and return where the browser is sent."""
        page = await self.browser.get(url, headers={"Accept": "text/html"})
        if page.status_code == 303:
            return str(page.headers["location"])
        assert page.status_code == 200, page.text
        fields = {"asked": urlsplit(url).query, "who": str(self.user.user_id), "decision": "allow"}
        answer = await self.browser.post("/oauth/authorize", data=fields, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The peer's folder with its pinned packages, checked by their hashes; skipped only where npm cannot get them."""
    folder = tmp_path_factory.mktemp("openid-client")
    for name in ("package.json", "package-lock.json", ".npmrc", "peer.mjs"):
        shutil.copy(HERE / name, folder / name)
    node = node_folder()
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    ran = subprocess.run(
        [node / "bin" / "node", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    if ran.returncode != 0:
        pytest.skip(f"npm cannot install openid-client: {ran.stderr.strip()[-300:]}")
    return folder


@pytest.fixture
async def peer(installed: Path) -> AsyncIterator[Peer]:
    process = await asyncio.create_subprocess_exec(
        node_folder() / "bin" / "node", "peer.mjs",
        cwd=installed, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Peer(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


@pytest.fixture
async def site(owner_dsn: str, database: Database, tmp_path: Path) -> AsyncIterator[Site]:
    """Our provider, served on a port of this machine, with somebody signed in and two apps."""
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(str(probe.getsockname()[1]))
    url = f"http://127.0.0.1:{ports[0]}"
    variables = {
        **os.environ, "DATABASE_URL": owner_dsn, "VIBESTREAM_PORT": ports[0], "VIBESTREAM_METRICS_PORT": ports[1],
        "VIBESTREAM_DATA_DIR": str(tmp_path / "data"), "VIBESTREAM_ENVIRONMENT": "test", "VIBESTREAM_PUBLIC_URL": url,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "vibestream.cli", "web", env=variables)
    try:
        async with httpx2.AsyncClient(base_url=url) as browser, asyncio.timeout(WITHIN_S * 3):
            while not await _ready(browser):
                assert process.returncode is None
                await asyncio.sleep(0.1)
            async with database.begin() as tx:
                user = await make_user(tx, display_name="Ana Río")
                token = await signed_in(tx, user)
                made = [
                    await service.register(
                        tx, owner_id=user.user_id, name="Larkspur", confidence=kind, redirect_uris=[back],
                        scopes=service.SCOPES, now=utc_now(),
                    )
                    for kind, back in (
                        (Confidence.PUBLIC, "http://127.0.0.1/back"),
                        (Confidence.CONFIDENTIAL, SERVERS_BACK),
                    )
                ]  # fmt: skip
                made.append(
                    await service.register(
                        tx, owner_id=user.user_id, name="Larkspur on a television", confidence=Confidence.PUBLIC,
                        redirect_uris=[], scopes=service.SCOPES, now=utc_now(), devices=True,
                    )
                )  # fmt: skip
            browser.cookies.set("vs_session", token, domain="127.0.0.1")
            yield Site(url, user, made[0], made[1], made[2], browser, database)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _ready(browser: httpx2.AsyncClient) -> bool:
    try:
        return (await browser.get("/readyz")).status_code == 200
    except httpx2.TransportError:
        return False


async def let_in(site: Site, peer: Peer, who: Registered, back: str) -> dict[str, Any]:
    found = await peer("discover", issuer=site.url, id=str(who.client.client_id), secret=who.secret)
    assert found == {"issuer": site.url, "pkce": True}
    asked = await peer("ask", redirect=back, scope=SCOPE)
    given: dict[str, Any] = await peer("redeem", callback=await site.allow(asked["url"]))
    return given


async def works(site: Site, access: str) -> bool:
    answer = await site.browser.get("/api/v1/wallet", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


@pytest.mark.parametrize("kind", ["public", "confidential"])
async def test_a_certified_client_is_let_in_refreshes_and_learns_who_it_is(site: Site, peer: Peer, kind: str):
    who, back = (site.public, BACK) if kind == "public" else (site.confidential, SERVERS_BACK)
    given = await let_in(site, peer, who, back)

    assert given["claims"]["sub"] == str(site.user.user_id)
    assert given["scope"] == SCOPE
    said = await peer("userinfo", access=given["access"], sub=given["claims"]["sub"])
    assert (said["name"], said["email"], said["email_verified"]) == ("Ana Río", site.user.email, True)
    second = await peer("refresh", token=given["refresh"])
    assert second["claims"]["sub"] == given["claims"]["sub"]
    assert second["refresh"] != given["refresh"]
    assert await works(site, second["access"])


async def test_what_the_peer_replays_ends_its_whole_family(site: Site, peer: Peer):
    first = await let_in(site, peer, site.public, BACK)
    second = await peer("refresh", token=first["refresh"])
    third = await peer("refresh", token=second["refresh"])
    with pytest.raises(PeerRefused) as refused:
        await peer("refresh", token=first["refresh"])

    assert (refused.value.told["error"], refused.value.told["status"]) == ("invalid_grant", 400)
    for access in (first["access"], second["access"], third["access"]):
        assert not await works(site, access)
    with pytest.raises(PeerRefused):
        await peer("refresh", token=third["refresh"])


async def test_a_code_that_the_peer_redeems_twice_ends_what_came_of_it(site: Site, peer: Peer):
    await peer("discover", issuer=site.url, id=str(site.public.client.client_id), secret=None)
    callback = await site.allow((await peer("ask", redirect=BACK, scope=SCOPE))["url"])
    given = await peer("redeem", callback=callback)
    with pytest.raises(PeerRefused) as refused:
        await peer("redeem", callback=callback)

    assert refused.value.told["error"] == "invalid_grant"
    assert not await works(site, given["access"])


async def test_the_peer_takes_its_token_back_and_asks_what_it_is_good_for(site: Site, peer: Peer):
    given = await let_in(site, peer, site.confidential, SERVERS_BACK)
    said = await peer("introspect", token=given["access"])
    assert (said["active"], said["sub"], said["scope"]) == (True, str(site.user.user_id), SCOPE)

    await peer("revoke", token=given["refresh"])
    assert await peer("introspect", token=given["access"]) == {"active": False}
    assert not await works(site, given["access"])


async def test_the_peer_believes_no_answer_of_another_issuer(site: Site, peer: Peer):
    """That `iss` is there for the peer to check: with another one, or none, it refuses to go on."""
    await peer("discover", issuer=site.url, id=str(site.public.client.client_id), secret=None)
    callback = await site.allow((await peer("ask", redirect=BACK, scope=SCOPE))["url"])
    address, _, iss = callback.rpartition("&iss=")
    assert iss
    for forged in (address, f"{address}&iss=https%3A%2F%2Fevil.example"):
        with pytest.raises(PeerRefused):
            await peer("redeem", callback=forged)
    assert (await peer("redeem", callback=callback))["scope"] == SCOPE  # nothing was sent before


async def test_the_peer_is_let_in_on_a_device_by_the_code_it_shows(site: Site, peer: Peer):
    await peer("discover", issuer=site.url, id=str(site.television.client.client_id), secret=None)
    told = await peer("device", scope="openid offline_access wallet:read")
    asking = asyncio.create_task(peer("poll"))
    page = await site.browser.post("/device", data={"user_code": told["user_code"]}, headers=FROM_HERE)
    assert "Larkspur on a television" in page.text
    fields = {"user_code": told["user_code"], "decision": "allow"}
    assert (await site.browser.post("/device/decide", data=fields, headers=FROM_HERE)).status_code == 303

    given = await asking
    assert given["claims"]["sub"] == str(site.user.user_id)
    assert await works(site, given["access"])
    again = await peer("refresh", token=given["refresh"])
    assert await works(site, again["access"])


async def test_the_peer_on_a_device_hears_that_it_is_refused(site: Site, peer: Peer):
    await peer("discover", issuer=site.url, id=str(site.television.client.client_id), secret=None)
    told = await peer("device", scope="openid")
    fields = {"user_code": told["user_code"], "decision": "deny"}
    assert (await site.browser.post("/device/decide", data=fields, headers=FROM_HERE)).status_code == 303
    with pytest.raises(PeerRefused) as refused:
        await peer("poll")
    assert (refused.value.told["error"], refused.value.told["status"]) == ("access_denied", 400)


async def test_signing_out_everywhere_cuts_open_streams_and_ends_every_family(site: Site, peer: Peer):
    """Over sockets: another browser listens, an app holds tokens; this one signs out everywhere else."""
    given = await let_in(site, peer, site.public, BACK)
    async with site.database.begin() as tx:
        elsewhere = await signed_in(tx, site.user)
    async with httpx2.AsyncClient(base_url=site.url, cookies={"vs_session": elsewhere}) as other:
        async with other.stream("GET", "/events") as there, site.browser.stream("GET", "/events") as here:
            assert (there.status_code, here.status_code) == (200, 200)
            lines, kept = there.aiter_lines(), here.aiter_lines()
            await _until(lines, "event: hello")
            await _until(kept, "event: hello")
            ended = await site.browser.delete("/api/v1/me/sessions", headers={"Sec-Fetch-Site": "same-origin"})
            assert ended.json() == {"ended": 1}
            async with asyncio.timeout(5):  # a heartbeat, which would ask too, comes after fifteen seconds
                assert [line async for line in lines if line] in ([], ["data: {}"])
            waiting = asyncio.ensure_future(anext(kept))
            await asyncio.wait([waiting], timeout=1)
            assert not waiting.done() or waiting.result() in {"", "data: {}"}  # this browser's own goes on
            waiting.cancel()
        assert (await other.get("/api/v1/me/sessions")).status_code == 401
    assert not await works(site, given["access"])
    with pytest.raises(PeerRefused) as refused:
        await peer("refresh", token=given["refresh"])
    assert refused.value.told["error"] == "invalid_grant"


async def _until(lines: AsyncIterator[str], wanted: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        async for line in lines:
            if line == wanted:
                return
    raise AssertionError(wanted)


async def test_a_page_of_an_app_talks_to_us_from_its_own_origin(site: Site):
    """What a browser checks before it lets the page of another origin read an answer, over a socket."""
    origin = "http://127.0.0.1:51004"
    asked = await site.browser.options(
        "/oauth/token", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
    )
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, origin)
    stranger = await site.browser.get("/oauth/jwks", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger.headers
