"""A request to Stripe: who asks, in which version, by which key; and the answer with its idempotency.

Source: docs.stripe.com/api/idempotent_requests: v1 replays the first status and body, 500s included; the same key with other
parameters is an error; nothing is kept when validation failed or another request with the key is under way. v2 does failed
work again instead of replaying the failure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from vibestream.sandbox.gateways.answers import Act, Answer, send
from vibestream.sandbox.gateways.faults import Fault, Taken
from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe.definitions import read_params
from vibestream.sandbox.gateways.stripe.errors import StripeError
from vibestream.sandbox.gateways.stripe.forms import read_form
from vibestream.sandbox.gateways.stripe.objects import API_VERSION, PROVIDER, emit, expand
from vibestream.sandbox.gateways.world import World

_MOST_KEY: Final = 255
_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
_MULTIPLE: Final = "https://docs.stripe.com/api/idempotent_requests"


class Declined(Exception):
    """A charge was declined: an error is answered, but what was recorded of the attempt stays."""

    def __init__(self, error: StripeError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as its handler sees it."""

    world: World
    params: dict[str, Any]
    ids: dict[str, str]
    """Ids in the path."""
    request: str | None = None
    """Id of the API request; None for what a payer or Stripe itself does."""
    key: str | None = None

    def emit(self, kind: str, thing: Document) -> None:
        """Make an event that this request caused."""
        emit(self.world, kind, thing, request=self.request, key=self.key)


Handle = Callable[[Call], Document]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of the API."""

    method: str
    path: str
    definition: str
    """The class of `stripe.params` that says which parameters there are."""
    handle: Handle
    act: str = "read"
    """What faults call it: create, capture, refund, payout, read."""


def routes(world: World, table: tuple[Route, ...]) -> list[StarletteRoute]:
    """Return the table as routes of a server."""
    return [StarletteRoute(route.path, _endpoint(world, route), methods=[route.method]) for route in table]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request as it came."""

    world: World
    route: Route
    request: Request
    body: str
    ref: str
    key: str | None

    def answer(self, answer: Answer, **headers: str) -> Answer:
        named = {"request-id": self.ref, "stripe-version": API_VERSION} | headers
        return Answer(answer.status, answer.body, named | ({} if self.key is None else {"idempotency-key": self.key}))


def _endpoint(world: World, route: Route) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        key = request.headers.get("idempotency-key") if route.method == "POST" else None
        ref = random_ref("req_", length=14)
        asked = _Asked(world=world, route=route, request=request, body=body, ref=ref, key=key)
        busy = asked.answer(_in_use(key or "").answer)
        act = Act(provider=PROVIDER, name=route.act, key=key, busy=busy)
        return await send(world, act, lambda fault: _answer(asked, fault))

    return endpoint


def _answer(asked: _Asked, fault: Taken | None) -> Answer:
    try:
        _authenticate(asked.world, asked.request)
        _check_version(asked.request)
        _refuse_other_accounts(asked.request)
        _limit(fault)
        fingerprint = _fingerprint(asked.request, asked.body)
        kept = _kept(asked.world, asked.key, fingerprint)
        if kept is not None:
            return asked.answer(kept, **{"idempotent-replayed": "true"})
        params = _params(asked.route, asked.request, asked.body)
    except StripeError as error:
        return asked.answer(error.answer)
    answer = _perform(asked, params, fault)
    if asked.key is not None and (asked.route.path.startswith("/v1/") or answer.status < 400):  # noqa: PLR2004 - failures
        asked.world.store.keep_answer(PROVIDER, asked.key, request=fingerprint, status=answer.status, body=answer.text)
    return asked.answer(answer)


def _perform(asked: _Asked, params: dict[str, Any], fault: Taken | None) -> Answer:
    broken = StripeError("Something went wrong on Stripe's end (sandbox fault).", status=500, kind="api_error").answer
    if fault is not None and not fault.effect:
        return broken
    shown = params.pop("expand", [])
    ids = dict(asked.request.path_params)
    call = Call(world=asked.world, params=params, ids=ids, request=asked.ref, key=asked.key)
    try:
        with asked.world.store.transaction():
            answer = _handled(call, asked.route, shown)
    except StripeError as error:
        answer = error.answer
    return broken if fault is not None else answer


def _handled(call: Call, route: Route, shown: list[str]) -> Answer:
    try:
        return Answer(200, expand(call.world, route.handle(call), shown))
    except Declined as refused:
        return refused.error.answer


def _limit(fault: Taken | None) -> None:
    if fault is not None and fault.kind is Fault.RATE_LIMITED:
        raise StripeError("Too many requests hit the API too quickly.", status=429, kind="api_error", code="rate_limit")


def _params(route: Route, request: Request, body: str) -> dict[str, Any]:
    if not route.path.startswith("/v2/"):
        encoded = str(request.url.query) if route.method == "GET" else body
        return read_params(route.definition, read_form(encoded), form=True)
    if route.method == "GET":
        return read_params(route.definition, read_form(str(request.url.query)), form=True)
    try:
        raw = json.loads(body or "{}")
    except json.JSONDecodeError:
        raise StripeError("The request body is not JSON.", code="invalid_json") from None
    return read_params(route.definition, raw, form=False)


def _kept(world: World, key: str | None, print_: str) -> Answer | None:
    if key is None:
        return None
    if not 0 < len(key) <= _MOST_KEY:
        raise StripeError(f"Idempotency keys are at most {_MOST_KEY} characters long.", kind="idempotency_error")
    kept = world.store.kept_answer(PROVIDER, key)
    if kept is None:
        return None
    if kept[0] != print_:
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key"
            f" other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
        )
    return Answer(kept[1], json.loads(kept[2]))


def _in_use(key: str) -> StripeError:
    return StripeError(
        f"There is currently another in-progress request using this Idempotency-Key ({key}).",
        status=409,
        kind="idempotency_error",
        code="idempotency_key_in_use",
        more={"doc_url": _MULTIPLE},
    )


def _authenticate(world: World, request: Request) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if not given:
        raise StripeError("You did not provide an API key.", status=401)
    if not hmac.compare_digest(given.encode(), world.keys.stripe_secret_key.encode()):
        raise StripeError(f"Invalid API Key provided: {given[:7]}****{given[-4:]}", status=401)


def _check_version(request: Request) -> None:
    asked = request.headers.get("stripe-version", API_VERSION)
    if _VERSION.fullmatch(asked) is None or asked != API_VERSION:
        raise StripeError(f"Invalid Stripe API version: {asked}. This sandbox speaks {API_VERSION}.")


def _refuse_other_accounts(request: Request) -> None:
    # Ignoring it would do on the platform's own account what was meant for another one.
    if "stripe-account" in request.headers or "stripe-context" in request.headers:
        raise StripeError("The sandbox acts for the platform's own account only.", status=403, code="account_invalid")


def _fingerprint(request: Request, body: str) -> str:
    return hashlib.sha256(f"{request.method} {request.url.path}\n{body}".encode()).hexdigest()
