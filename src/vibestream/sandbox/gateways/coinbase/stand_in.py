"""The stand-in of Coinbase as the sandbox runs it, and its methods."""

from __future__ import annotations

from itertools import islice
from typing import Final

from starlette.routing import BaseRoute

from vibestream.sandbox.gateways.answers import Answer
from vibestream.sandbox.gateways.coinbase import checkouts, deeds, pages, signing
from vibestream.sandbox.gateways.coinbase.call import Call, Route, routes
from vibestream.sandbox.gateways.coinbase.errors import invalid
from vibestream.sandbox.gateways.coinbase.objects import PROVIDER, shown
from vibestream.sandbox.gateways.stand_in import StandIn
from vibestream.sandbox.gateways.world import World

_PATH: Final = "/api/v1/checkouts"
_STATUSES: Final = frozenset(
    (
        *("ACTIVE", "PROCESSING", "DEACTIVATED", "EXPIRED", "COMPLETED", "FAILED"),
        *("REFUNDED", "PARTIALLY_REFUNDED"),
    )
)
_MOST: Final = 100


def _create(call: Call) -> Answer:
    return Answer(201, shown(checkouts.create(call.world, call.body)))


def _retrieve(call: Call) -> Answer:
    return Answer(200, shown(checkouts.current(call.world, call.ref)))


def _deactivate(call: Call) -> Answer:
    return Answer(200, shown(checkouts.deactivate(call.world, call.ref)))


def _refund(call: Call) -> Answer:
    checkout, made = checkouts.refund(call.world, call.ref, call.body)
    return Answer(200, {"checkout": shown(checkout), "refund": made})


def _list(call: Call) -> Answer:
    size, status, token = call.query.get("pageSize", "20"), call.query.get("status"), call.query.get("pageToken")
    if not size.isdecimal() or not 1 <= int(size) <= _MOST:
        raise invalid(f"pageSize must be between 1 and {_MOST}.")
    if status is not None and status not in _STATUSES:
        raise invalid("status is not a status.")
    if token is not None:
        checkouts.current(call.world, token)
    listed = call.world.store.newest_first(PROVIDER, "checkout", before=token)
    found = list(islice((shown(one) for one in listed if status in (None, one["status"])), int(size) + 1))
    page = found[: int(size)]
    more = {"nextPageToken": page[-1]["id"]} if len(found) > int(size) else {}
    return Answer(200, {"checkouts": page} | more)


TABLE: Final = (
    Route("POST", _PATH, _create, "create"),
    Route("GET", _PATH, _list),
    Route("GET", _PATH + "/{id}", _retrieve),
    Route("POST", _PATH + "/{id}/deactivate", _deactivate, "cancel"),
    Route("POST", _PATH + "/{id}/refund", _refund, "refund"),
)


def _routes(world: World) -> list[BaseRoute]:
    return [*routes(world, TABLE), *pages.routes(world)]


COINBASE: Final = StandIn(
    name=PROVIDER,
    routes=_routes,
    sign=signing.sign,
    book=deeds.book,
    deeds={"dispute": deeds.dispute, "plant": deeds.plant, "refund": deeds.refund, "settle": deeds.settle},
    tick=deeds.tick,
)
