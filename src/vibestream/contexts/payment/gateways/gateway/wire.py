"""One provider's HTTP API: requests go out, answers come back whole and within a limit, or it is said how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.gateways.gateway.certainty import (
    AnswerBroken,
    failed_on_the_way,
    unavailable,
    unclear,
)
from vibestream.contexts.payment.gateways.gateway.fields import decoded

TIMEOUT: Final = httpx.Timeout(connect=5.0, read=25.0, write=10.0, pool=5.0)
"""Seconds. A capture at PayPal may take more than ten."""
LARGEST_ANSWER: Final = 8 * 1024 * 1024
"""Bytes. A page of 500 transactions is about one million."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, an object in JSON: any 2xx, or a 4xx whose meaning is for the adapter to say."""

    status: int
    body: dict[str, Any]

    @property
    def well(self) -> bool:
        """Whether it is a 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Wire:
    """The connections to one provider. Follows no redirect: a signed or keyed request goes where it was meant for."""

    def __init__(self, name: GatewayName, base: str, *, timeout: httpx.Timeout = TIMEOUT) -> None:
        self.name = name
        self.base = base.rstrip("/")
        self._client = httpx.AsyncClient(
            timeout=timeout,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30.0),
            headers={"Accept": "application/json", "User-Agent": "VibeStream"},
        )

    @property
    def host(self) -> str:
        """The host that is spoken to, with its port where that is not the scheme's own."""
        return urlsplit(self.base).netloc

    @property
    def prefix(self) -> str:
        """The part of every path that belongs to the address."""
        return urlsplit(self.base).path

    async def send(
        self,
        method: str,
        path: str,
        *,
        changes: bool,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and return the whole answer.

        Raises:
            GatewayUnavailable: certainly nothing happened: it was not sent, was refused for its number, or only reads.
            OutcomeUnknown: it changes something and may have: no answer, a broken one, a redirect, or a 5xx.
        """
        try:
            async with self._client.stream(
                method, self.base + path, headers=dict(headers), params=query, json=json, data=form
            ) as response:
                return await self._answer(response, changes=changes)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise failed_on_the_way(self.name, error, changes=changes) from error

    async def fetch(self, url: str, *, largest: int) -> bytes:
        """Return the bytes at an address of the provider, which the caller has proved to be its own.

        Raises:
            GatewayUnavailable: they cannot be fetched now.
        """
        try:
            async with self._client.stream("GET", url) as response:
                if response.status_code != HTTPStatus.OK:
                    raise unavailable(self.name, f"HTTP {response.status_code} at a certificate's address")
                return await whole(response, largest=largest)
        except (httpx.RequestError, httpx.InvalidURL, AnswerBroken) as error:
            raise unavailable(self.name, f"{type(error).__name__} at a certificate's address") from error

    async def close(self) -> None:
        """End the connections."""
        await self._client.aclose()

    async def _answer(self, response: httpx.Response, *, changes: bool) -> Answer:
        status = response.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise unavailable(self.name, "HTTP 429")
        if not (HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or 400 <= status < 500):  # noqa: PLR2004 - 4xx
            raise unclear(self.name, f"HTTP {status}", changes=changes)
        try:
            body = await whole(response)
            return Answer(status, _object(body))
        except AnswerBroken as error:
            # Also for a 4xx: whoever answers in HTML is not the provider's program, and what that one did is not known.
            raise unclear(self.name, f"HTTP {status}, {error}", changes=changes) from error


def _object(body: bytes) -> dict[str, Any]:
    """Return the object that every answer is, an empty one where there is no body: null must not pass for nothing found."""
    found = decoded(body) if body.strip() else {}
    if not isinstance(found, dict):
        raise AnswerBroken("no object")
    return found


async def whole(response: httpx.Response, *, largest: int = LARGEST_ANSWER) -> bytes:
    """Return the body of an answer.

    Raises:
        AnswerBroken: it is larger than any answer of a gateway.
    """
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > largest:
            raise AnswerBroken("larger than any answer")
        parts.append(part)
    return b"".join(parts)
