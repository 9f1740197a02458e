"""Limits on how often one person or one address may call a route, told by the draft's RateLimit headers.

A limit counts per signed-in account, else per address; an IPv6 address counts as its /64, the least that one household
is given.

Source: draft-ietf-httpapi-ratelimit-headers-09, sections 3 and 4.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request
from starlette.requests import HTTPConnection

from vibestream.kernel.errors import Limited
from vibestream.platform.http import exchange
from vibestream.platform.http.exchange import Exchange
from vibestream.platform.http.limiter import Rate
from vibestream.platform.observability.metrics import RATE_LIMITED

_HOUSEHOLD_BITS: Final = 64
_COUNTED: Final = "vibestream.rate_limits_counted"


class RateLimited(Limited):
    """The limit is used up; `retry_after_s` says when a place is free again."""

    code = "http.rate_limited"

    def __init__(self, *, limit: str, retry_after_s: int) -> None:
        super().__init__(f"Too many requests. Try again in {retry_after_s} s.", retry_after_s=retry_after_s)
        self.limit = limit


def rate_limit(name: str, rate: str, *, cost: int = 1) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency that admits so many calls, such as `Depends(rate_limit("sign_in", "10/minute"))`.

    Routes that name the same limit share it; `cost` is how much a call takes of it. Every answer says what is left, a
    refusal also `Retry-After`. A call counts even when it is then refused for another reason.

    Raises:
        ValueError: the rate is not of the form `10/minute`.
        RateLimited: when called with the limit used up; answered with 429.
    """
    parsed = Rate.parse(rate)

    async def limit(request: Request) -> None:
        counted: set[str] = request.scope.setdefault(_COUNTED, set())
        if name in counted:  # the handler runs again after a lost race; the caller called once
            return
        counted.add(name)
        here = exchange.current(request)
        key = str(here.principal.user_id) if here.principal else address_key(request)
        take(here, name=name, rate=parsed, key=key, cost=cost)

    return limit


def take(here: Exchange, *, name: str, rate: Rate, key: str, cost: int = 1) -> None:
    """Count a call against a limit under a key of the caller's choice, such as a hash of the name somebody signs in with.

    Raises:
        RateLimited: the limit is used up.
    """
    quota = here.edge.limiter.hit(rate, name=name, key=key, cost=cost)
    here.response_headers["RateLimit-Policy"] = f'"{name}";q={rate.amount};w={rate.window_s}'
    here.response_headers["RateLimit"] = f'"{name}";r={quota.remaining};t={quota.reset_s}'
    if not quota.admitted:
        RATE_LIMITED.labels(name).inc()
        raise RateLimited(limit=name, retry_after_s=quota.reset_s)


def address_key(connection: HTTPConnection) -> str:
    """Return the network that a caller counts as: an IPv4 address, or an IPv6 address's /64."""
    client = connection.client
    try:
        address = ipaddress.ip_address(client.host if client else "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _HOUSEHOLD_BITS), strict=False))
    return str(address)
