"""The service and the browsers behind it: it checks who sends and how, and each message is decrypted by its browser's key.

`POST /subscribe` stands for a browser's `pushManager.subscribe`, and `GET /arrived/<token>` for the browser that shows what
came. `POST /push/<token>` is the protocol: whatever a real service refuses is refused, with the status that it answers.

Source: RFC 8030, sections 5 and 7 (headers, answers); RFC 8188 and 8291 (encryption); RFC 8292, section 4 (VAPID).
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import http_ece  # type: ignore[import-untyped]  # it has no types
from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from vibestream.platform.config import Settings
from vibestream.sandbox.guard import LABEL, refuse_in_production

HOST: Final = "127.0.0.1"
_LARGEST: Final = 4_096
_DAY_S: Final = 86_400
_POINT: Final = 65
_HALF: Final = 33
_VAPID: Final = re.compile(r"vapid t=([\w-]+\.[\w-]+\.[\w-]+), ?k=([\w-]+)", re.ASCII)
_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_URGENCIES: Final = frozenset({"very-low", "low", "normal", "high"})


class Refused(Exception):
    """What a real service would not take, and the status of its answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the next push instead of being carried. Status 0: the connection ends without an answer."""

    status: int
    retry_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A message that was let in, as its browser read it."""

    message: dict[str, Any]
    length: int
    """Of what was sent, in bytes."""
    ttl_s: int
    urgency: str
    topic: str
    subject: str
    sent: bytes = field(repr=False)


@dataclass(slots=True)
class Browser:
    """A subscribed browser: its keys, whose messages it takes, and what came."""

    private: ec.EllipticCurvePrivateKey
    secret: bytes
    sender: str
    """The public key that it subscribed with; messages of any other sender are refused."""
    arrived: list[Carried] = field(default_factory=list)


@dataclass(slots=True)
class PushService:
    """A running service. `faults` are used up one per push, in order."""

    url: str = ""
    browsers: dict[str, Browser] = field(default_factory=dict)
    faults: deque[Fault] = field(default_factory=deque)
    refused: list[str] = field(default_factory=list)
    """Why pushes were not taken, faults apart."""

    def subscribe(self, sender: str) -> dict[str, Any]:
        """Return what a browser's script reports after it subscribed with a sender's public key (base64url)."""
        token, browser = (
            secrets.token_urlsafe(24),
            Browser(ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16), sender),
        )
        self.browsers[token] = browser
        point = browser.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": f"{self.url}/push/{token}",
            "expirationTime": None,
            "keys": {"p256dh": _packed(point), "auth": _packed(browser.secret)},
        }

    def of(self, endpoint: str) -> Browser:
        """Return the browser behind an endpoint."""
        return self.browsers[endpoint.rpartition("/")[2]]

    async def answer_subscribe(self, request: web.Request) -> web.Response:
        """Subscribe a browser by a script."""
        asked = await request.json()
        return web.json_response(self.subscribe(str(asked["sender"])), headers=_ANYBODY)

    async def answer_arrived(self, request: web.Request) -> web.Response:
        """Say what came to a browser."""
        browser = self.browsers.get(request.match_info["token"])
        if browser is None:
            raise web.HTTPNotFound
        return web.json_response([one.message for one in browser.arrived], headers=_ANYBODY)

    async def answer_push(self, request: web.Request) -> web.Response:
        """Take a message, or refuse it as a real service does."""
        fault = self.faults.popleft() if self.faults else None
        if fault is not None:
            return _spoiled(request, fault)
        try:
            carried = self._taken(request, await request.read())
        except Refused as refused:
            self.refused.append(str(refused))
            return web.json_response({"error": str(refused), "from": LABEL}, status=refused.status)
        browser = self.browsers[request.match_info["token"]]
        browser.arrived = [one for one in browser.arrived if one.topic != carried.topic]
        browser.arrived.append(carried)
        return web.Response(status=201, headers={"Location": f"{self.url}/message/{secrets.token_urlsafe(12)}"})

    def _taken(self, request: web.Request, body: bytes) -> Carried:
        browser = self.browsers.get(request.match_info["token"])
        if browser is None:
            raise Refused(404, "there is no such subscription")
        subject = self._sender(request.headers.get("Authorization", ""), browser)
        headers = request.headers
        if not re.fullmatch("[0-9]{1,8}", headers.get("TTL", "")):
            raise Refused(400, "TTL is missing or malformed")
        if headers.get("Urgency", "normal") not in _URGENCIES:
            raise Refused(400, "there is no such urgency")
        if not _TOPIC.fullmatch(headers.get("Topic", "none")):
            raise Refused(400, "the topic is malformed")
        if headers.get("Content-Encoding") != "aes128gcm":
            raise Refused(415, "only aes128gcm is taken")
        if len(body) > _LARGEST:
            raise Refused(413, "too long")
        return Carried(
            message=_read(body, browser),
            length=len(body),
            ttl_s=int(headers["TTL"]),
            urgency=headers.get("Urgency", "normal"),
            topic=headers.get("Topic", secrets.token_urlsafe(8)),
            subject=subject,
            sent=body,
        )

    def _sender(self, authorization: str, browser: Browser) -> str:
        """Return who may be written to about the sender, once it has shown that it is the one that was subscribed to."""
        found = _VAPID.fullmatch(authorization)
        if found is None:
            raise Refused(401, "no VAPID credentials")
        token, public = found[1], found[2]
        if public != browser.sender:
            raise Refused(403, "another sender than the one that was subscribed to")
        try:
            claims = jwt.decode(token, _key(public), algorithms=["ES256"]).claims
        except (JoseError, ValueError) as error:
            raise Refused(403, f"the token is not signed by its key: {error}") from None
        now, until = time.time(), claims.get("exp")
        if claims.get("aud") != self.url:
            raise Refused(403, "the token is for another service")
        if not isinstance(until, int) or not now < until <= now + _DAY_S:
            raise Refused(403, "the token runs out too late, or did already")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
            raise Refused(400, "nobody to write to")
        return str(claims["sub"])


_ANYBODY: Final = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}


@asynccontextmanager
async def serve(settings: Settings, *, port: int = 0) -> AsyncIterator[PushService]:
    """Serve on a loopback port until the block ends; port 0 is any free one.

    Raises:
        SandboxRefused: this is production.
    """
    refuse_in_production(settings, part="push service")
    service, app = PushService(), web.Application()
    app.router.add_post("/subscribe", service.answer_subscribe)
    app.router.add_get("/arrived/{token}", service.answer_arrived)
    app.router.add_post("/push/{token}", service.answer_push)
    runner = web.AppRunner(app, access_log=None)  # an endpoint is a secret: no log
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        service.url = f"http://{HOST}:{runner.addresses[0][1]}"
        yield service
    finally:
        await runner.cleanup()


def _read(body: bytes, browser: Browser) -> dict[str, Any]:
    try:
        read = http_ece.decrypt(body, private_key=browser.private, auth_secret=browser.secret, version="aes128gcm")
        message = json.loads(read)
    except (http_ece.ECEException, InvalidTag, ValueError, IndexError) as error:
        raise Refused(400, f"the browser cannot read it: {type(error).__name__}") from None
    if not isinstance(message, dict):
        raise Refused(400, "the browser cannot read it: no object")
    return message


def _spoiled(request: web.Request, fault: Fault) -> web.Response:
    if fault.status == 0:
        if request.transport is not None:
            request.transport.abort()
        raise web.HTTPServiceUnavailable
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    return web.Response(status=fault.status, headers=headers, text="<html>" + "x" * 100_000)


def _key(public: str) -> ECKey:
    point = base64.urlsafe_b64decode(public + "=" * (-len(public) % 4))
    if len(point) != _POINT:
        raise ValueError(len(point))
    return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": _packed(point[1:_HALF]), "y": _packed(point[_HALF:])})


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
