"""Events, as the API lists them."""

from __future__ import annotations

from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.stripe.call import Call
from vibestream.sandbox.gateways.stripe.objects import find, page


def retrieve(call: Call) -> Document:
    """Return an event."""
    return find(call.world, "event", call.ids["id"])


def list_events(call: Call) -> Document:
    """List events, of a type or several; `payment_intent.*` is every type of it."""
    types = (
        call.params.get("types") or [call.params["type"]] if call.params.get("types") or "type" in call.params else []
    )

    def wanted(event: Document) -> bool:
        return not types or any(
            event["type"].startswith(kind.removesuffix("*")) if kind.endswith("*") else event["type"] == kind
            for kind in types
        )

    return page(call.world, "event", call.params, url="/v1/events", only=wanted)
