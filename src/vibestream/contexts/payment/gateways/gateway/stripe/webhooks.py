"""Stripe's webhooks: proven by the secret of the endpoint that they were sent to, fresh, and of the right mode.

`Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>]`, where v1 is HMAC-SHA256 under the endpoint's whole secret of the time, a
full stop, and the body; any of several counts, since a secret that is being replaced signs twice. What a delivery says of an
object is not used, only which object it is. Source: docs.stripe.com/webhooks, read against the SDK 16.1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from vibestream.contexts.payment.gateways.domain.port import GatewayName, ObjectKind, Webhook
from vibestream.contexts.payment.gateways.gateway.certainty import AnswerBroken
from vibestream.contexts.payment.gateways.gateway.fields import at, boolean, decoded, instant, reference, text, word
from vibestream.contexts.payment.gateways.gateway.signatures import (
    header,
    is_mac,
    parts,
    refused,
    require_fresh,
    signed_at,
)
from vibestream.contexts.payment.gateways.gateway.stripe.reading import id_of

_OF_INTENT: Final = frozenset({"charge", "refund", "dispute", "radar.early_fraud_warning", "review"})
_PAYMENTS: Final = frozenset({"checkout.session", "payment_intent"})
_THIN: Final = "v2.core.event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """What deliveries are proven by."""

    platform_secret: str
    connect_secret: str | None
    """None: no events of connected accounts are taken."""
    live: bool
    """Whether our key moves real money."""


def verify(endpoints: Endpoints, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
    """Return what a delivery proves.

    Raises:
        WebhookRefused: it is not Stripe's, too old, from the future, malformed, or of the other mode.
    """
    found = parts(header(headers, "stripe-signature"))
    written, sent_at = signed_at(found)
    message, given = written.encode() + b"." + body, found.get("v1", [])
    connected = False
    if not is_mac(endpoints.platform_secret, message, given):
        connected = is_mac(endpoints.connect_secret or "", message, given)
        if not connected:
            raise refused("signature", "The webhook is not signed by Stripe.")
    require_fresh(sent_at, now=now)
    try:
        return _read(decoded(body), endpoints, connected=connected)
    except AnswerBroken as error:
        raise refused("malformed", "The webhook is no event.") from error


def _read(event: Any, endpoints: Endpoints, *, connected: bool) -> Webhook:
    if boolean(event, "livemode") is not endpoints.live:
        raise refused("livemode", "The webhook is of test mode where money is real, or the other way round.")
    kind, ref = _thin(event) if at(event, "object") == _THIN else _snapshot(event, connected=connected)
    return Webhook(
        gateway=GatewayName.STRIPE,
        event_ref=reference(event, "id"),
        type=word(event, "type"),
        kind=kind,
        object_ref=ref,
        sent_at=instant(event, "created"),
    )


def _thin(event: Any) -> tuple[ObjectKind, str]:
    if text(event, "type").startswith("v2.core.account") and at(event, "related_object", "type") == "v2.core.account":
        return ObjectKind.ACCOUNT, reference(event, "related_object", "id")
    return ObjectKind.OTHER, reference(event, "id")


def _snapshot(event: Any, *, connected: bool) -> tuple[ObjectKind, str]:
    thing = at(event, "data", "object")
    kind = at(thing, "object")
    if connected or at(event, "account") is not None:
        # Of a connected account: its own payments are not ours, whatever endpoint they were sent to.
        account = id_of(at(event, "account")) if kind != "account" else id_of(thing)
        if kind in ("account", "payout") and account is not None:
            return ObjectKind.ACCOUNT, account
        return ObjectKind.OTHER, reference(event, "id")
    if kind in _PAYMENTS:
        return ObjectKind.PAYMENT, reference(thing, "id")
    if kind in _OF_INTENT and at(thing, "payment_intent") is not None:
        return ObjectKind.PAYMENT, reference({"id": id_of(at(thing, "payment_intent"))}, "id")
    if kind == "transfer":
        return ObjectKind.PAYOUT, reference(thing, "id")
    return ObjectKind.OTHER, reference(event, "id")
