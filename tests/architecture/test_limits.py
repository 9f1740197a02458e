"""No way in without a limit: whatever anybody may send, signed in or not, is counted; what is not, says why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from vibestream.platform.access import ANYONE
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router

LIMIT: Final = rate_limit("x", "1/minute").__qualname__
UNSAFE: Final = {"POST", "PUT", "PATCH", "DELETE"}
FREE: Final = {
    "POST /sign-out": "ends one's own session, and nothing for whoever has none",
    "POST /preferences": "sets a cookie, or one's own language",
    "POST /oauth/revoke": "takes a token back; whoever has it may, and others change nothing",
    "POST /oauth/introspect": "answers a client about its own tokens, by a secret of 256 bits",
    "POST /webhooks/{endpoint}": "a gateway's, which sends as much as there is to tell; what it did not sign is not kept",
    "POST /unsubscribe/{token}": "stops mails by a signed text; sending it again changes nothing",
    "POST /api/v1/claims": "lets nobody in; proofs are verified by threads of a bounded number, which refuse when all are busy",
    "POST /api/v1/perks/{perk_id}/proofs": "as claims",
    "POST /api/v1/claim-wallets/{wallet}/orders": "lets nobody in; an order is good once, by a signature of the wallet's key",
    "POST /api/v1/tracks/{track_id}/playback": "lets nobody in; what is played is counted by listen",
}
"""What anybody may send as often as they like, and why that does no harm."""


def limited(route: APIRoute) -> bool:
    return any(getattr(one.dependency, "__qualname__", "") == LIMIT for one in route.dependencies)


def open_to_all(app: FastAPI) -> Iterator[tuple[str, APIRoute]]:
    """Every unsafe route that asks nobody who they are."""
    for context in iter_route_contexts(app.routes):
        route = getattr(context, "original_route", None)
        if isinstance(route, APIRoute) and getattr(route, "policy", None) is ANYONE:
            for method in sorted((context.methods or set()) & UNSAFE):
                yield f"{method} {context.path}", route


def uncounted(app: FastAPI) -> set[str]:
    return {name for name, route in open_to_all(app) if not limited(route)}


def test_whatever_anybody_may_send_is_counted_or_says_why_not(app: FastAPI):
    found = dict(open_to_all(app))
    assert len(found) >= 20
    assert uncounted(app) - set(FREE) == set()
    assert set(FREE) - set(found) == set()


def test_one_that_is_not_counted_is_found():
    router = Router()

    @router.post("/guess", policy=ANYONE)
    async def guess() -> None: ...

    @router.post("/counted", policy=ANYONE, dependencies=[Depends(rate_limit("counted", "1/minute"))])
    async def counted() -> None: ...

    app = FastAPI()
    app.include_router(router)
    assert uncounted(app) == {"POST /guess"}
