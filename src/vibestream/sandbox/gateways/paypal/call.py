"""A request to PayPal: its token, its body by definition, its PayPal-Request-Id, and the answer.

Source: developer.paypal.com/reference/guidelines/idempotency: the same id on the same resource gives the first answer, as it was
(200 instead of 201); without one PayPal simply does it again. Failed requests are not remembered, so that they can be tried
again with the same id; of two at once the second fails.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from vibestream.kernel.time import utc_now
from vibestream.sandbox.gateways.answers import Act, Answer, send
from vibestream.sandbox.gateways.faults import Fault, Taken
from vibestream.sandbox.gateways.paypal.bodies import check
from vibestream.sandbox.gateways.paypal.errors import PayPalError
from vibestream.sandbox.gateways.paypal.objects import PROVIDER
from vibestream.sandbox.gateways.schemas import Wrong
from vibestream.sandbox.gateways.store import random_ref
from vibestream.sandbox.gateways.world import World

_TOKEN_LIVES_S: Final = 32_400
_MOST_KEY: Final = 108
_CONFLICT: Final = {
    "issue": "PREVIOUS_REQUEST_IN_PROGRESS",
    "description": "A previous request on this resource is currently in progress.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as its handler sees it."""

    world: World
    body: dict[str, Any]
    ids: dict[str, str]
    query: dict[str, str]
    key: str | None = None
    """PayPal-Request-Id."""
    whole: bool = True
    """`Prefer: return=representation`."""
    raw: str = ""
    """The body as it came."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of the API."""

    method: str
    path: str
    definition: str
    """The schema of its body; `nothing` where there is none."""
    handle: Callable[[Call], Answer]
    act: str = "read"
    """What faults call it: create, capture, refund, payout, cancel, read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    world: World
    route: Route
    request: Request
    body: str
    key: str | None


def routes(world: World, table: tuple[Route, ...]) -> list[StarletteRoute]:
    """Return the table, and the method that gives tokens, as routes of a server."""
    token = StarletteRoute("/v1/oauth2/token", _token_endpoint(world), methods=["POST"])
    return [token, *(StarletteRoute(one.path, _endpoint(world, one), methods=[one.method]) for one in table)]


def forget_tokens(world: World) -> None:
    """Let every token be worth nothing from now on."""
    for token in list(world.store.newest_first(PROVIDER, "token")):
        world.store.drop(PROVIDER, "token", token["id"])


def _endpoint(world: World, route: Route) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        key = request.headers.get("paypal-request-id") if route.method == "POST" else None
        asked = _Asked(world=world, route=route, request=request, body=body, key=key)
        busy = PayPalError("RESOURCE_CONFLICT", status=409, details=[_CONFLICT]).answer
        name = None if key is None else f"{request.url.path} {key}"
        act = Act(provider=PROVIDER, name=route.act, key=name, busy=busy)
        return await send(world, act, lambda fault: _answer(asked, fault))

    return endpoint


def _answer(asked: _Asked, fault: Taken | None) -> Answer:
    broken = PayPalError("INTERNAL_SERVER_ERROR", status=500).answer
    try:
        _authenticate(asked.world, asked.request)
        if fault is not None and fault.kind is Fault.RATE_LIMITED:
            return PayPalError("RATE_LIMIT_REACHED", status=429).answer
        body = _read(asked)
        if fault is not None and not fault.effect:
            return broken
        with asked.world.store.transaction():
            answer = _done_once(asked, body)
    except PayPalError as error:
        return error.answer
    return answer if fault is None else broken


def _done_once(asked: _Asked, body: dict[str, Any]) -> Answer:
    """Do it, or answer what the same id was answered with before.

    Another body with the same id is answered with the first answer too, because PayPal compares no bodies: its guidelines
    promise an error for no method but payouts.
    """
    call = Call(
        world=asked.world,
        body=body,
        ids=dict(asked.request.path_params),
        query=dict(asked.request.query_params),
        key=asked.key,
        whole="representation" in asked.request.headers.get("prefer", ""),
        raw=asked.body,
    )
    if asked.key is None:
        return asked.route.handle(call)
    if len(asked.key) > _MOST_KEY:
        raise PayPalError(
            "INVALID_REQUEST", status=400, details=[{"issue": "INVALID_PARAMETER_VALUE", "field": "PayPal-Request-Id"}]
        )
    name = f"{asked.request.url.path} {asked.key}"
    kept = asked.world.store.kept_answer(PROVIDER, name)
    if kept is not None:
        return Answer(200 if kept[1] == 201 else kept[1], json.loads(kept[2]))  # noqa: PLR2004 - created before, not now
    answer = asked.route.handle(call)
    digest = hashlib.sha256(asked.body.encode()).hexdigest()
    asked.world.store.keep_answer(PROVIDER, name, request=digest, status=answer.status, body=answer.text)
    return answer


def _read(asked: _Asked) -> dict[str, Any]:
    if asked.route.method == "GET":
        return {}
    if asked.body and "json" not in asked.request.headers.get("content-type", ""):
        raise PayPalError("INVALID_REQUEST", status=415, details=[{"issue": "UNSUPPORTED_MEDIA_TYPE"}])
    try:
        body = json.loads(asked.body or "{}")
    except json.JSONDecodeError:
        wrong = Wrong("/", "MALFORMED_REQUEST_JSON", "The request JSON is not well formed.")
        raise PayPalError(
            "INVALID_REQUEST", status=400, details=[{"issue": wrong.issue, "description": wrong.description}]
        ) from None
    check(asked.world, asked.route.definition, body)
    return dict(body)


def _authenticate(world: World, request: Request) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    token = world.store.get(PROVIDER, "token", given) if scheme.lower() == "bearer" else None
    # By the real clock: a test that moves the stand-ins' time on does not mean to let tokens expire.
    if token is None or token["expires"] <= int(utc_now().timestamp()):
        raise PayPalError("AUTHENTICATION_FAILURE", status=401)


def _token_endpoint(world: World) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        form = await request.form()
        return await send(
            world,
            Act(provider=PROVIDER, name="token"),
            lambda fault: _token(world, request, form.get("grant_type"), fault),
        )

    return endpoint


def _token(world: World, request: Request, grant: Any, fault: Taken | None) -> Answer:
    if fault is not None:
        return PayPalError("INTERNAL_SERVER_ERROR", status=500).answer
    expected = f"{world.keys.paypal_client_id}:{world.keys.paypal_client_secret}".encode()
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        right = scheme.lower() == "basic" and hmac.compare_digest(base64.b64decode(given, validate=True), expected)
    except binascii.Error:
        right = False
    if not right:
        return Answer(401, {"error": "invalid_client", "error_description": "Client Authentication failed"})
    if grant != "client_credentials":
        return Answer(400, {"error": "unsupported_grant_type", "error_description": "Grant Type is not supported"})
    token = random_ref("A21AA", length=92)
    now = int(utc_now().timestamp())
    world.store.put(PROVIDER, "token", token, {"id": token, "expires": now + _TOKEN_LIVES_S}, created=now)
    return Answer(
        200,
        {
            "scope": "https://uri.paypal.com/services/payments/payment https://uri.paypal.com/services/payouts",
            "access_token": token,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": _TOKEN_LIVES_S,
            "nonce": random_ref(length=20),
        },
    )
