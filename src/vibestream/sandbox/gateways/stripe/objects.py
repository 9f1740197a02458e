"""Stripe's objects: kept, listed, expanded, and told of by events."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from vibestream.sandbox.gateways import webhooks
from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe.errors import StripeError, no_such
from vibestream.sandbox.gateways.world import World

PROVIDER: Final = "stripe"
API_VERSION: Final = "2026-10-28.endive"
_KINDS: Final = {
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "txn": "balance_transaction",
    "cus": "customer",
    "pm": "payment_method",
    "dp": "dispute",
    "cs": "checkout.session",
    "tr": "transfer",
    "trr": "transfer_reversal",
    "issfr": "radar.early_fraud_warning",
}
_AMOUNTS: Final = (
    "amount",
    "amount_received",
    "amount_captured",
    "amount_total",
    "amount_capturable",
    "amount_refunded",
)
_WRONG_BY: Final = 10


def keep(world: World, thing: Document, *, parent: str | None = None) -> Document:
    """Store an object as it is now, and return it; `parent` (set once) is what lists ask by."""
    world.store.put(
        PROVIDER, thing["object"], thing["id"], thing, created=thing.get("created", world.now()), parent=parent
    )
    return thing


def find(world: World, kind: str, ref: str, *, param: str | None = None) -> Document:
    """Return an object.

    Raises:
        StripeError: there is none.
    """
    thing = world.store.get(PROVIDER, kind, ref)
    if thing is None:
        raise no_such(kind.rpartition(".")[2], ref, param=param)
    return thing


def of_parent(world: World, kind: str, parent: str) -> list[Document]:
    """Return the objects of a parent, the newest first."""
    return list(world.store.newest_first(PROVIDER, kind, parent=parent))


def page(
    world: World,
    kind: str,
    params: dict[str, Any],
    *,
    url: str,
    parent: str | None = None,
    only: Callable[[Document], bool] = lambda _: True,
) -> Document:
    """Return a list as Stripe gives it: the newest first, `limit` (1 to 100, else 10) at a time, by ids as cursors."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:  # noqa: PLR2004 - Stripe's own bound
        raise StripeError(
            "This value must be between 1 and 100 (inclusive).", code="parameter_invalid_integer", param="limit"
        )
    since, until = _created(params.get("created"))
    for cursor in ("starting_after", "ending_before"):
        if cursor in params:
            find(world, kind, params[cursor], param=cursor)
    found: Iterable[Document] = world.store.newest_first(
        PROVIDER,
        kind,
        parent=parent,
        since=since,
        until=until,
        before=params.get("starting_after"),
        after=params.get("ending_before"),
    )
    wanted = (thing for thing in found if only(thing))
    chosen = list(wanted if "ending_before" in params else islice(wanted, limit + 1))
    shown = chosen[-limit:] if "ending_before" in params else chosen[:limit]
    return {"object": "list", "url": url, "has_more": len(chosen) > limit, "data": shown}


def charge_asked_for(world: World, params: dict[str, Any]) -> str | None:
    """Return the charge that a list is asked for, by itself or by its payment intent; None when it is asked for all."""
    if "payment_intent" not in params:
        return params.get("charge")
    intent = world.store.get(PROVIDER, "payment_intent", params["payment_intent"])
    return "none" if intent is None else intent["latest_charge"] or "none"


def expand(world: World, thing: Document, paths: Iterable[str]) -> Document:
    """Return a copy in which the ids at the paths, such as `latest_charge.balance_transaction`, are the objects themselves."""
    shown = public(copy.deepcopy(thing))
    for path in paths:
        _expand(world, shown, path.split("."), path)
    return shown


def emit(world: World, kind: str, thing: Document, *, request: str | None = None, key: str | None = None) -> None:
    """Make an event of an object as it is now, and send it to the platform's endpoint."""
    event: Document = {
        "id": random_ref("evt_"),
        "object": "event",
        "api_version": API_VERSION,
        "created": world.now(),
        "data": {"object": thing},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": request, "idempotency_key": key},
        "type": kind,
    }
    world.store.put(PROVIDER, "event", event["id"], event, created=event["created"], parent=thing["id"])
    webhooks.announce(
        world,
        provider=PROVIDER,
        endpoint="stripe",
        event=event["id"],
        kind=kind,
        body=event,
        misstated=_misstated(event),
    )


def emit_connect(world: World, kind: str, *, account: str) -> None:
    """Send a thin event about a connected account to the Connect endpoint.

    Source: docs.stripe.com/api/v2/core/events/object.
    """
    event: Document = {
        "id": random_ref("evt_test_"),
        "object": "v2.core.event",
        "type": kind,
        "created": iso(world.now()),
        "livemode": False,
        "context": None,
        "reason": None,
        "related_object": {"id": account, "type": "v2.core.account", "url": f"/v2/core/accounts/{account}"},
    }
    webhooks.announce(world, provider=PROVIDER, endpoint="stripe-connect", event=event["id"], kind=kind, body=event)


def public(thing: Document) -> Document:
    """Return an object as it is sent: without what only the stand-in knows of it."""
    return {name: value for name, value in thing.items() if not name.startswith("sandbox_")}


def iso(second: int) -> str:
    """Return a Unix second as API v2 writes instants."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _misstated(event: Document) -> Document | None:
    wrong = copy.deepcopy(event)
    thing = wrong["data"]["object"]
    changed = [name for name in _AMOUNTS if isinstance(thing.get(name), int) and thing[name]]
    for name in changed:
        thing[name] *= _WRONG_BY
    return wrong if changed else None


def _created(asked: Any) -> tuple[int | None, int | None]:
    if asked is None:
        return None, None
    if isinstance(asked, int):
        return asked, asked + 1
    since = asked.get("gte", asked["gt"] + 1 if "gt" in asked else None)
    until = asked.get("lt", asked["lte"] + 1 if "lte" in asked else None)
    return since, until


def _expand(world: World, node: Any, path: list[str], whole: str) -> None:
    if isinstance(node, list):
        for item in node:
            _expand(world, item, path, whole)
        return
    if not isinstance(node, dict) or not path:
        return
    name, rest = path[0], path[1:]
    value = node.get(name)
    if isinstance(value, str) and value.partition("_")[0] in _KINDS:
        found = world.store.get(PROVIDER, _KINDS[value.partition("_")[0]], value)
        value = node[name] = value if found is None else public(found)
    elif name == "refunds" and node.get("object") == "charge":
        url = f"/v1/charges/{node['id']}/refunds"
        refunds = of_parent(world, "refund", node["id"])
        value = node[name] = {"object": "list", "url": url, "has_more": False, "data": refunds}
    elif name not in node:
        raise StripeError(f"This property cannot be expanded ({whole}).", param="expand")
    if rest:
        _expand(world, value, rest, whole)
