"""Stripe's SDK, used the one way that is safe here, and what its errors mean.

One `StripeClient` instance, never the module's globals; asynchronous only; the API version pinned, whatever the account's
default is; no retries of the SDK's own, since the guard's have a budget.

Stripe keeps the first answer to a key for at least a day and gives it again, a 500 included: asked again with the same key,
a request that met a 500 meets it for ever. Such a *replayed* failure says one thing for certain: the first request is over.
So what it did can be looked for, and when it did nothing, be done under the next key of the same act.
Source: docs.stripe.com/api/idempotent_requests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

import httpx
import stripe

from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.gateways.gateway.certainty import (
    AnswerBroken,
    believed,
    declined,
    failed_on_the_way,
    unavailable,
    unclear,
    unknown,
)
from vibestream.contexts.payment.gateways.gateway.fields import at, boolean, items, reference
from vibestream.contexts.payment.gateways.gateway.wire import TIMEOUT, whole

API_VERSION: Final = "2026-10-28.endive"
"""What this adapter was written for. Source: the SDK 16.1.0's own."""
NAME: Final = GatewayName.STRIPE
MOST_TURNS: Final = 3
"""Keys of one act: the given one, and one more for each failure that Stripe replays."""
_REFUSALS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.NOT_FOUND})
_NO_ENTRY: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_WORDS: Final = {"balance_insufficient": "insufficient_balance", "insufficient_funds_error": "insufficient_balance"}

T = TypeVar("T")


class ReplayedFailure(Exception):
    """Stripe gave the failure of an earlier request with this key again. Never leaves this package: see `in_turns`."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What Stripe answered, as plain dictionaries and lists."""

    body: dict[str, Any]
    replayed: bool
    """Whether it is the answer to an earlier request with the same key: the object may have changed since."""


class Connections(stripe.HTTPXClient):
    """The SDK's client of httpx, but with a largest answer, and hiding no error of ours behind one of the connection."""

    def __init__(self, timeout: httpx.Timeout) -> None:
        super().__init__(timeout=timeout)
        self._limits = timeout

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request, and return the body, status and headers of its answer."""
        try:
            async with self._client_async.stream(
                method, url, headers=headers, content=post_data or None, timeout=self._limits
            ) as response:
                return await whole(response), response.status_code, response.headers
        except (httpx.RequestError, httpx.InvalidURL, AnswerBroken) as error:
            raise stripe.APIConnectionError(type(error).__name__) from error  # type: ignore[no-untyped-call]


def open_client(*, key: str, base: str, timeout: httpx.Timeout = TIMEOUT) -> tuple[stripe.StripeClient, Connections]:
    """Return a client and the connections that it owns, which the caller closes."""
    connections = Connections(timeout)
    client = stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": base.rstrip("/")},
        http_client=connections,
        max_network_retries=0,
    )
    return client, connections


async def ask(request: Awaitable[Any], *, changes: bool) -> Answered:
    """Return what Stripe answered to one request of the SDK.

    Raises:
        GatewayDeclined: it said no.
        GatewayUnavailable: certainly nothing happened.
        OutcomeUnknown: it changes something, and may have.
        ReplayedFailure: it changes something, and Stripe repeats how an earlier request with its key failed.
    """
    try:
        answer = await request
    except stripe.StripeError as error:
        raise _clarified(error, changes=changes) from None  # its text may hold the whole answer
    except (AttributeError, LookupError, TypeError, ValueError) as error:  # the SDK trusts what is answered
        raise unclear(NAME, f"broken answer: {type(error).__name__}", changes=changes) from error
    if not isinstance(answer, stripe.StripeObject):
        raise unclear(NAME, "broken answer: no object", changes=changes)
    response = answer.last_response
    return Answered(answer.to_dict(), replayed=_is_replay(None if response is None else response.headers))


async def each(page: Callable[[str | None], Awaitable[Any]]) -> AsyncIterator[dict[str, Any]]:
    """Yield every object of a list, page after page; `page` asks for the one after an id, None for the first."""
    after: str | None = None
    while True:
        answered = await ask(page(after), changes=False)
        with believed(NAME, changes=False):
            shown = list(items(answered.body, "data"))
            more = boolean(answered.body, "has_more") and bool(shown)
            after = reference(shown[-1], "id") if more else None
        for one in shown:
            yield one
        if not more:
            return


async def in_turns(key: str, act: Callable[[str], Awaitable[T]], *, done: Callable[[], Awaitable[T | None]]) -> T:
    """Do an act under its key; when Stripe replays a failure, look whether it was done, and else use the act's next key.

    The next keys follow from the first, so everybody who does the same act uses the same ones.
    """
    for turn in range(1, MOST_TURNS + 1):
        try:
            return await act(key if turn == 1 else f"{key}:{turn}")
        except ReplayedFailure:
            found = await done()
            if found is not None:
                return found
    raise unknown(NAME, f"failed under {MOST_TURNS} keys")


def _clarified(error: stripe.StripeError, *, changes: bool) -> Exception:
    status, said = error.http_status, at(error.json_body, "error")
    if isinstance(error, stripe.APIConnectionError):
        return failed_on_the_way(NAME, error.__cause__ or error, changes=changes)
    why = f"HTTP {status}, {error.request_id or 'no request id'}"
    if status == HTTPStatus.TOO_MANY_REQUESTS or isinstance(error, stripe.RateLimitError):
        return unavailable(NAME, why)
    if isinstance(said, Mapping):
        return _said(said, status, why, replayed=_is_replay(error.headers), changes=changes)
    return unclear(NAME, f"{why}, broken answer", changes=changes)


def _said(said: Mapping[str, Any], status: int | None, why: str, *, replayed: bool, changes: bool) -> Exception:
    if status in _NO_ENTRY:
        return unavailable(NAME, f"{why}: our key is refused")
    if said.get("type") == "idempotency_error":
        # The key was used with other parameters, or is in use now: something happens or happened under it.
        return unclear(NAME, f"{why}: {said.get('code') or 'the key was used for something else'}", changes=changes)
    if status in _REFUSALS:
        reason = next((str(said[word]) for word in ("decline_code", "code", "type") if said.get(word)), "refused")
        return declined(NAME, _WORDS.get(reason, reason))
    return ReplayedFailure(why) if changes and replayed else unclear(NAME, why, changes=changes)


def _is_replay(headers: Mapping[str, str] | None) -> bool:
    return (headers or {}).get("idempotent-replayed") == "true"
