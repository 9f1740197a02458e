"""A request to Coinbase: its token, its idempotency key, and the answer.

Source: docs.cdp.coinbase.com/coinbase-business/authentication: a JWT per request, ES256 or EdDSA, for two minutes, bound to one
method and path by `uri`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from vibestream.kernel.time import utc_now
from vibestream.sandbox.gateways.answers import Act, Answer, send
from vibestream.sandbox.gateways.coinbase.errors import CoinbaseError, invalid
from vibestream.sandbox.gateways.coinbase.objects import PROVIDER
from vibestream.sandbox.gateways.faults import Fault, Taken
from vibestream.sandbox.gateways.world import World

_LIVES_S: Final = 120
_SKEW_S: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as its handler sees it."""

    world: World
    body: dict[str, Any]
    ref: str
    """The id in the path, empty where there is none."""
    query: dict[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of the API."""

    method: str
    path: str
    handle: Callable[[Call], Answer]
    act: str = "read"
    """What faults call it: create, refund, cancel, read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    world: World
    route: Route
    request: Request
    body: str
    key: str | None


def routes(world: World, table: tuple[Route, ...]) -> list[StarletteRoute]:
    """Return the table as routes of a server."""
    return [StarletteRoute(one.path, _endpoint(world, one), methods=[one.method]) for one in table]


def _endpoint(world: World, route: Route) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        key = request.headers.get("x-idempotency-key") if route.method == "POST" else None
        asked = _Asked(world=world, route=route, request=request, body=body, key=key)
        busy = CoinbaseError("request_in_progress", "A request with this key is in progress.").answer
        act = Act(provider=PROVIDER, name=route.act, key=key, busy=busy)
        return await send(world, act, lambda fault: _answer(asked, fault))

    return endpoint


def _answer(asked: _Asked, fault: Taken | None) -> Answer:
    broken = CoinbaseError("internal_server_error", "An internal server error occurred (sandbox fault).").answer
    try:
        _authenticate(asked.world, asked.request)
        if fault is not None and fault.kind is Fault.RATE_LIMITED:
            return CoinbaseError("rate_limit_exceeded", "Rate limit exceeded.").answer
        if fault is not None and not fault.effect:
            return broken
        with asked.world.store.transaction():
            answer = _done_once(asked)
    except CoinbaseError as error:
        return error.answer
    return answer if fault is None else broken


def _done_once(asked: _Asked) -> Answer:
    digest = hashlib.sha256(f"{asked.request.method} {asked.request.url.path}\n{asked.body}".encode()).hexdigest()
    if asked.key is not None:
        _check_key(asked.key)
        kept = asked.world.store.kept_answer(PROVIDER, asked.key)
        if kept is not None and kept[0] != digest:
            raise CoinbaseError("idempotency_error", "The idempotency key was used with another request.")
        if kept is not None:
            return Answer(kept[1], json.loads(kept[2]))
    call = Call(
        world=asked.world,
        body=_body(asked),
        ref=asked.request.path_params.get("id", ""),
        query=dict(asked.request.query_params),
    )
    answer = asked.route.handle(call)
    if asked.key is not None:
        asked.world.store.keep_answer(PROVIDER, asked.key, request=digest, status=answer.status, body=answer.text)
    return answer


def _body(asked: _Asked) -> dict[str, Any]:
    if asked.route.method == "GET" or not asked.body:
        return {}
    try:
        body = json.loads(asked.body)
    except json.JSONDecodeError:
        raise invalid("The request body is not JSON.") from None
    if not isinstance(body, dict):
        raise invalid("The request body is not an object.")
    return body


def _check_key(key: str) -> None:
    try:
        UUID(key)
    except ValueError:
        raise invalid("X-Idempotency-Key must be a UUID.") from None


def _authenticate(world: World, request: Request) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    header, claims = _token(world, given) if scheme.lower() == "bearer" else ({}, {})
    begins, ends, now = claims.get("nbf"), claims.get("exp"), int(utc_now().timestamp())
    wanted = f"{request.method} {urlsplit(world.address).netloc}{request.url.path}"
    right = (
        claims.get("iss") == "cdp"
        and claims.get("sub") == header.get("kid") == world.keys.coinbase_api_key_id
        and isinstance(begins, int)
        and isinstance(ends, int)
        and begins - _SKEW_S <= now < ends <= begins + _LIVES_S
        and wanted in (claims.get("uri"), *(claims.get("uris") or ()))
    )
    if not right:
        raise CoinbaseError("unauthorized", "The token is missing, invalid, expired, or for another request.")


def _token(world: World, given: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and claims of a token that our key signed; nothing of any other."""
    # Imported here, because the sandbox's start is not to wait for it.
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey
    from joserfc.jws import JWSRegistry

    key = ECKey.import_key(world.keys.coinbase_api_private_key)
    try:
        # Not strict, because Coinbase's tokens carry a nonce in their header, which no standard has.
        token = jwt.decode(given, key, registry=JWSRegistry(algorithms=["ES256"], strict_check_header=False))
    except (JoseError, ValueError):
        return {}, {}
    return dict(token.header), dict(token.claims)
