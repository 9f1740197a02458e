"""PayPal's objects: kept, linked, and told of by events."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any, Final

from vibestream.sandbox.gateways import webhooks
from vibestream.sandbox.gateways.paypal.errors import not_found
from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.world import World

PROVIDER: Final = "paypal"
_LETTERS: Final = "0123456789ABCDEFGHJKLMNPRSTUVWXY"
_WRONG: Final = "9"


def new_ref(length: int = 17) -> str:
    """Return a new id as PayPal's are."""
    return random_ref(length=length, alphabet=_LETTERS)


def keep(world: World, kind: str, thing: Document, *, parent: str | None = None) -> Document:
    """Store an object as it is now, and return it."""
    world.store.put(PROVIDER, kind, thing["id"], thing, created=world.now(), parent=parent)
    return thing


def find(world: World, kind: str, ref: str) -> Document:
    """Return an object.

    Raises:
        PayPalError: there is none.
    """
    thing = world.store.get(PROVIDER, kind, ref)
    if thing is None:
        raise not_found()
    return thing


def of_parent(world: World, kind: str, parent: str) -> list[Document]:
    """Return the objects of a parent, the oldest first."""
    return list(world.store.newest_first(PROVIDER, kind, parent=parent))[::-1]


def shown(thing: Document) -> Document:
    """Return an object as it is sent: without what only the stand-in knows of it."""
    return {name: value for name, value in thing.items() if not name.startswith("sandbox_")}


def link(world: World, path: str, rel: str, method: str = "GET") -> dict[str, str]:
    """Return a link to a method of the API."""
    return {"href": f"{world.address}/paypal{path}", "rel": rel, "method": method}


def iso(second: int) -> str:
    """Return a Unix second as PayPal writes instants."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def emit(
    world: World, kind: str, resource_type: str, resource: Document, *, version: str = "2.0", summary: str = ""
) -> None:
    """Make an event of an object as it is now, and send it to the webhook."""
    ref = f"WH-{new_ref()}-{new_ref()}"
    event = {
        "id": ref,
        "event_version": "1.0",
        "create_time": iso(world.now()),
        "resource_type": resource_type,
        "resource_version": version,
        "event_type": kind,
        "summary": summary or kind.replace(".", " ").capitalize(),
        "resource": shown(resource),
        "links": [link(world, f"/v1/notifications/webhooks-events/{ref}", "self")],
    }
    world.store.put(PROVIDER, "event", ref, event, created=world.now())
    webhooks.announce(
        world, provider=PROVIDER, endpoint="paypal", event=ref, kind=kind, body=event, misstated=_misstated(event)
    )


def _misstated(event: Document) -> Document | None:
    wrong = copy.deepcopy(event)
    amounts = [wrong["resource"].get(name) for name in ("amount", "gross_amount", "dispute_amount")]
    found = [amount for amount in amounts if isinstance(amount, dict) and "value" in amount]
    for amount in found:
        amount["value"] = _WRONG + amount["value"]
    return wrong if found else None


def transaction(
    world: World,
    *,
    code: str,
    amount: dict[str, Any],
    sign: int,
    fee: int,
    subject: str,
    ref: str | None = None,
    ours: str | None = None,
    invoice: str | None = None,
) -> Document:
    """Add a line to PayPal's books. `amount` is {currency_code, value}; `fee` in minor units is what PayPal keeps."""
    line = {
        "id": ref or new_ref(),
        "code": code,
        "amount": amount,
        "sign": sign,
        "fee": fee,
        "subject": subject,
        "ours": ours,
        "invoice": invoice,
        "at": world.now(),
    }
    return keep(world, "transaction", line, parent=subject)
