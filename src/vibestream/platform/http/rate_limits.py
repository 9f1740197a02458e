"""Limits on how often one person or one address may do a thing, answered with the draft's RateLimit headers.

A limit counts per signed-in account, else per address; an IPv6 address counts as its /64, the least that one household
is given. Counting is in this process's memory: with several web processes each admits its own share.

Source of the headers: draft-ietf-httpapi-ratelimit-headers-09, sections 3 and 4.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection

from vibestream.kernel.errors import Limited
from vibestream.platform.http import exchange

_HOUSEHOLD_BITS: Final = 64


class RateLimited(Limited):
    """The limit is used up; `retry_after_s` says when a place is free again."""

    code = "http.rate_limited"

    def __init__(self, *, limit: str, retry_after_s: int) -> None:
        super().__init__(f"Too many requests. Try again in {retry_after_s} s.", retry_after_s=retry_after_s)
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a limit for one key after a hit."""

    admitted: bool
    remaining: int
    reset_s: int
    """Whole seconds until a place is free again."""


class RateLimiter:
    """Counts hits in a moving window per limit and key; exact under concurrency within one process."""

    def __init__(self) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, rate: RateLimitItem, *, name: str, key: str) -> Quota:
        """Count one hit and say whether it is admitted."""
        admitted = await self._window.hit(rate, name, key)
        reset_at, remaining = await self._window.get_window_stats(rate, name, key)
        return Quota(admitted, remaining, max(1, math.ceil(reset_at - time.time())))


def rate_limit(name: str, rate: str) -> Callable[[Request, Response], Awaitable[None]]:
    """Return a dependency that admits so many calls of a route, such as `Depends(rate_limit("sign_in", "10/minute"))`.

    Routes that name the same limit share it. Every answer carries what is left, a refusal also `Retry-After`.

    Raises:
        ValueError: the rate is not of the form `10/minute`.
        RateLimited: when called; answered with 429.
    """
    item = parse(rate)

    async def limit(request: Request, response: Response) -> None:
        here = exchange.current(request)
        key = str(here.principal.user_id) if here.principal else address_key(request)
        quota = await here.edge.limiter.hit(item, name=name, key=key)
        headers = {
            "RateLimit-Policy": f'"{name}";q={item.amount};w={item.get_expiry()}',
            "RateLimit": f'"{name}";r={quota.remaining};t={quota.reset_s}',
        }
        here.response_headers.update(headers)
        if not quota.admitted:
            raise RateLimited(limit=name, retry_after_s=quota.reset_s)

    return limit


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
