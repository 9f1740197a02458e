"""PayPal's webhooks, verified here: RSA over the transmission's id and time, our webhook's id, and the CRC of the body.

The CRC is no proof of the body: who holds one genuine delivery can change the body and keep the CRC by four chosen bytes. So a
delivery proves that something happened at a time, and which object is to be fetched is only a hint; nothing else of a body is
used. Source: developer.paypal.com/api/rest/webhooks/rest, "Self verification method".
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from vibestream.contexts.payment.gateways.domain.port import GatewayName, ObjectKind, Webhook
from vibestream.contexts.payment.gateways.gateway.certainty import AnswerBroken
from vibestream.contexts.payment.gateways.gateway.fields import (
    at,
    decoded,
    instant,
    is_reference,
    items,
    maybe_text,
    reference,
    word,
)
from vibestream.contexts.payment.gateways.gateway.paypal.certificates import Certificates
from vibestream.contexts.payment.gateways.gateway.paypal.reading import BY_CAPTURE
from vibestream.contexts.payment.gateways.gateway.signatures import header, refused, require_fresh

MAX_AGE: Final = timedelta(days=3, hours=1)
"""PayPal tries a delivery up to 25 times over 3 days, and does not say that it signs each try anew. Within this time a
replay is told from a retry by nothing, and does as little harm: the event's id is known, and amounts are fetched."""
_ALGORITHM: Final = "SHA256withRSA"


async def verify(
    certificates: Certificates, *, webhook_id: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> Webhook:
    """Return what a delivery proves.

    Raises:
        WebhookRefused: it is not PayPal's, not for our webhook, too old, from the future, or malformed.
        GatewayUnavailable: the certificate cannot be fetched now; PayPal sends the webhook again.
    """
    transmission, time = header(headers, "paypal-transmission-id"), header(headers, "paypal-transmission-time")
    signature, url = header(headers, "paypal-transmission-sig"), header(headers, "paypal-cert-url")
    if header(headers, "paypal-auth-algo") != _ALGORITHM:
        raise refused("signature", "The webhook is signed in a way that PayPal does not sign in.")
    if not webhook_id:
        raise refused("unconfigured", "No webhook of PayPal is set up here.")
    try:
        sent_at = instant({"time": time}, "time")
        sealed = base64.b64decode(signature, validate=True)
    except (AnswerBroken, binascii.Error, ValueError) as error:
        raise refused("malformed", "The webhook's signature or time is malformed.") from error
    require_fresh(sent_at, now=now, max_age=MAX_AGE)  # before the certificate is fetched: a stale one costs nothing
    key = await certificates.key_at(url, now=now)
    message = f"{transmission}|{time}|{webhook_id}|{zlib.crc32(body)}"
    try:
        key.verify(sealed, message.encode(), PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise refused("signature", "The webhook is not signed by PayPal for us.") from error
    try:
        return _read(decoded(body), sent_at)
    except AnswerBroken as error:
        raise refused("malformed", "The webhook is no event.") from error


def _read(event: Any, sent_at: datetime) -> Webhook:
    ref, kind_of_event = reference(event, "id"), word(event, "event_type")
    kind, thing = _object(kind_of_event, at(event, "resource"))
    return Webhook(
        gateway=GatewayName.PAYPAL,
        event_ref=ref,
        type=kind_of_event,
        kind=ObjectKind.OTHER if thing is None else kind,
        object_ref=ref if thing is None else thing,
        sent_at=sent_at,
    )


def _object(kind_of_event: str, resource: Any) -> tuple[ObjectKind, str | None]:
    match kind_of_event.rpartition(".")[0]:
        case "CHECKOUT.ORDER":
            found = ObjectKind.PAYMENT, _id(maybe_text(resource, "id"))
        case "CHECKOUT.PAYMENT-APPROVAL":
            found = ObjectKind.PAYMENT, _id(maybe_text(resource, "order_id"))
        case "PAYMENT.CAPTURE" | "PAYMENT.REFUND":
            found = ObjectKind.PAYMENT, _of_capture(resource)
        case "CUSTOMER.DISPUTE":
            seller = _id(maybe_text(resource, "disputed_transactions", 0, "seller_transaction_id"))
            found = ObjectKind.PAYMENT, None if seller is None else BY_CAPTURE + seller
        case "PAYMENT.PAYOUTS-ITEM":
            found = ObjectKind.PAYOUT, _id(maybe_text(resource, "payout_batch_id"))
        case "PAYMENT.PAYOUTSBATCH":
            found = ObjectKind.PAYOUT, _id(maybe_text(resource, "batch_header", "payout_batch_id"))
        case _:
            found = ObjectKind.OTHER, None
    return found


def _of_capture(resource: Any) -> str | None:
    """Return the order of a capture or refund, or its capture; a refund names its capture by a link."""
    order = _id(maybe_text(resource, "supplementary_data", "related_ids", "order_id"))
    if order is not None:
        return order
    links = (maybe_text(link, "href") for link in items(resource, "links") if at(link, "rel") == "up")
    above = next((href.rpartition("/") for href in links if href is not None), None)
    if above is not None and above[0].endswith("/v2/payments/captures"):
        capture = _id(above[2])
    elif above is not None and above[0].endswith("/v2/checkout/orders"):
        return _id(above[2])
    else:
        capture = _id(maybe_text(resource, "id"))
    return None if capture is None else BY_CAPTURE + capture


def _id(found: str | None) -> str | None:
    return found if found is not None and is_reference(found) else None
