"""Coinbase's webhooks: `X-Hook0-Signature: t=<unix>,v0=<hex>,h=<names of headers, by spaces>,v1=<hex>`.

v1 covers the time, the names and values of the listed headers, and the body; v0 only the time and the body. v1 counts where
there is one, else v0, and a wrong v1 is not mended by a right v0. The payload is a whole checkout without an id of the event,
so the event is told by a signed header where there is one. Source: docs.cdp.coinbase.com/webhooks/verify-signatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from vibestream.contexts.payment.gateways.domain.port import GatewayName, ObjectKind, Webhook
from vibestream.contexts.payment.gateways.gateway.certainty import AnswerBroken
from vibestream.contexts.payment.gateways.gateway.fields import at, decoded, is_reference, maybe_text, reference, word
from vibestream.contexts.payment.gateways.gateway.signatures import (
    header,
    is_mac,
    parts,
    refused,
    require_fresh,
    signed_at,
)

_EVENT_IDS: Final = ("x-event-id", "x-hook0-event-id", "x-hook0-id")
_CHECKOUT: Final = "checkout."


def verify(secret: str, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
    """Return what a delivery proves.

    Raises:
        WebhookRefused: it is not Coinbase's, too old, from the future, or malformed.
    """
    found = parts(header(headers, "x-hook0-signature"))
    written, sent_at = signed_at(found)
    signed: tuple[str, ...] = ()
    if "v1" in found:
        match found.get("h"):
            case [str(names)] if names:
                signed = tuple(names.split(" "))
            case _:
                raise refused("malformed", "The webhook's signature lists no headers.")
        values = ".".join(headers.get(name.lower(), "") for name in signed)
        message, given = f"{written}.{names}.{values}.".encode() + body, found["v1"]
    elif "v0" in found:
        message, given = f"{written}.".encode() + body, found["v0"]
    else:
        raise refused("signature", "The webhook is not signed.")
    if not is_mac(secret, message, given):
        raise refused("signature", "The webhook is not signed by Coinbase.")
    require_fresh(sent_at, now=now)
    try:
        return _read(decoded(body), headers, signed, sent_at)
    except AnswerBroken as error:
        raise refused("malformed", "The webhook is no event.") from error


def _read(event: Any, headers: Mapping[str, str], signed: tuple[str, ...], sent_at: datetime) -> Webhook:
    kind_of_event, ref = word(event, "eventType"), reference(event, "id")
    return Webhook(
        gateway=GatewayName.COINBASE,
        event_ref=_event_ref(event, headers, signed),
        type=kind_of_event,
        kind=ObjectKind.PAYMENT if kind_of_event.startswith(_CHECKOUT) else ObjectKind.OTHER,
        object_ref=ref,
        sent_at=sent_at,
    )


def _event_ref(event: Any, headers: Mapping[str, str], signed: tuple[str, ...]) -> str:
    """Return an id that each delivery of an event has: a signed header's, else what makes the event another one."""
    lowered = {name.lower() for name in signed}
    for name in _EVENT_IDS:
        if name in lowered and is_reference(headers.get(name, "")):
            return headers[name]
    parts_of_it = [reference(event, "id"), word(event, "eventType")]
    last = maybe_text(event, "refunds", -1, "id")
    if parts_of_it[1].startswith("checkout.refund.") and last is not None and is_reference(last):
        parts_of_it.append(last)
    elif at(event, "refunds"):
        parts_of_it.append("refunded")
    return ":".join(parts_of_it)
