"""PayPal's REST API: the access token, the request id, and what its errors mean.

Source: developer.paypal.com/api/rest: authentication, requests, reference/idempotency.
"""

from __future__ import annotations

import asyncio
import base64
import time
from http import HTTPStatus
from typing import Any, Final

from vibestream.contexts.payment.gateways.domain.port import GatewayDeclined, GatewayName
from vibestream.contexts.payment.gateways.gateway.certainty import believed, declined, unavailable, unclear
from vibestream.contexts.payment.gateways.gateway.fields import at, items, maybe_text, text
from vibestream.contexts.payment.gateways.gateway.wire import Answer, Wire

NAME: Final = GatewayName.PAYPAL
NOT_FOUND: Final = "RESOURCE_NOT_FOUND"
SPARE_S: Final = 60
"""A token is given up this long before it ends, so that none ends on its way."""
_NO_ENTRY: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_IN_DOUBT: Final = frozenset(
    {"PREVIOUS_REQUEST_IN_PROGRESS", "DUPLICATE_REQUEST_ID", "RESOURCE_CONFLICT", "REQUEST_ID_REUSED"}
)
"""Refusals that say something of another request with the same id, and nothing of what that one did."""
_WORDS: Final = {"INSUFFICIENT_FUNDS": "insufficient_balance", "SENDER_BALANCE_INSUFFICIENT": "insufficient_balance"}


class Refused(GatewayDeclined):
    """PayPal said no, with the whole of what it said, for the adapter."""

    def __init__(self, message: str, *, reason: str, body: Any) -> None:
        super().__init__(message, reason=reason)
        self._body = body

    def linked(self, relation: str) -> str | None:
        """Return the address that the refusal links to by a relation."""
        for link in [
            *items(self._body, "links"),
            *(one for d in items(self._body, "details") for one in items(d, "link")),
        ]:
            if at(link, "rel") == relation:
                return maybe_text(link, "href")
        return None


class PayPalApi:
    """Requests in our application's name. The token is shared, and asked for once however many requests need it."""

    def __init__(self, wire: Wire, *, client_id: str, client_secret: str) -> None:
        self.wire = wire
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._token: str | None = None
        self._ends_at = 0.0
        self._asking = asyncio.Lock()

    async def get(self, path: str, **query: str) -> Any:
        """Return what is at a path.

        Raises:
            Refused: there is nothing (NOT_FOUND), or it may not be seen.
            GatewayUnavailable: it cannot be read now.
        """
        return (await self._ask("GET", path, changes=False, query=query)).body

    async def post(self, path: str, body: Any, *, key: str) -> Answer:
        """Return what PayPal made of a request; the same key does it once.

        An answer of 201 is what was made now; any other one may be the answer to an earlier request, as it was then.

        Raises:
            Refused: PayPal said no.
            GatewayUnavailable: certainly nothing happened.
            OutcomeUnknown: it may have happened.
        """
        return await self._ask("POST", path, changes=True, json=body, key=key)

    async def _ask(
        self, method: str, path: str, *, changes: bool, query: Any = None, json: Any = None, key: str | None = None
    ) -> Answer:
        async def once() -> Answer:
            headers = {"Authorization": f"Bearer {await self._current_token()}"}
            if key is not None:
                headers |= {"PayPal-Request-Id": key, "Prefer": "return=representation"}
            return await self.wire.send(method, path, changes=changes, headers=headers, query=query or None, json=json)

        answer = await once()
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._token = None  # it was revoked before its time; nothing was done with the old one
            answer = await once()
        if answer.well:
            return answer
        raise _refusal(answer, changes=changes)

    async def _current_token(self) -> str:
        async with self._asking:
            if self._token is None or time.monotonic() >= self._ends_at:
                self._token = await self._new_token()
            return self._token

    async def _new_token(self) -> str:
        asked_at = time.monotonic()
        answer = await self.wire.send(
            "POST",
            "/v1/oauth2/token",
            changes=False,
            headers={"Authorization": f"Basic {self._basic}"},
            form={"grant_type": "client_credentials"},
        )
        if not answer.well:
            raise unavailable(NAME, f"HTTP {answer.status}: no token")
        with believed(NAME, changes=False):
            lives_s = at(answer.body, "expires_in")
            self._ends_at = asked_at + (lives_s if type(lives_s) is int else 0) - SPARE_S
            return text(answer.body, "access_token")


def _refusal(answer: Answer, *, changes: bool) -> Exception:
    with believed(NAME, changes=changes):
        name = text(answer.body, "name")
        reason = maybe_text(answer.body, "details", 0, "issue") or name
        why = f"HTTP {answer.status}, {name}, {reason}, {maybe_text(answer.body, 'debug_id') or 'no debug id'}"
    if {name, reason} & _IN_DOUBT or answer.status == HTTPStatus.CONFLICT:
        return unclear(NAME, why, changes=changes)
    if answer.status in _NO_ENTRY and reason not in _WORDS:
        return unavailable(NAME, f"{why}: our application is refused")
    reason = NOT_FOUND if answer.status == HTTPStatus.NOT_FOUND else _WORDS.get(reason, reason)
    return Refused(str(declined(NAME, reason)), reason=reason, body=answer.body)
