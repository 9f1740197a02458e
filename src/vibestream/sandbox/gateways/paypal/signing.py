"""PayPal's webhook signatures, by a certificate of the stand-in's own authority; and the method that verifies them.

Source: developer.paypal.com/api/rest/webhooks/rest: base64 RSASSA-PKCS1-v1_5 with SHA-256 over
`transmissionId|timeStamp|webhookId|crc32`, the CRC decimal and unsigned over the raw body.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vibestream.kernel.time import utc_now
from vibestream.sandbox.gateways.answers import Answer
from vibestream.sandbox.gateways.certificates import make_leaf
from vibestream.sandbox.gateways.paypal.call import Call
from vibestream.sandbox.gateways.paypal.objects import iso
from vibestream.sandbox.gateways.store import random_ref
from vibestream.sandbox.gateways.webhooks import Delivery
from vibestream.sandbox.gateways.world import World

_HOST: Final = "messageverificationcerts.sandbox.vibestream.localhost"
_LEAF: Final = "paypal_leaf"
_EVENT: Final = re.compile(r'"webhook_event"\s*:\s*')


def sign(world: World, delivery: Delivery, at: int) -> dict[str, str]:
    """Return the headers that sign a delivery; its transmission id is the same for each attempt."""
    leaf = _leaf(world)
    key = serialization.load_pem_private_key(leaf["key"].encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        msg = "PayPal signs with RSA"
        raise TypeError(msg)
    transmission, time = f"{delivery.seq:08d}-{delivery.event[3:31].lower()}", iso(at)
    signed = _signed(transmission, time, world.keys.paypal_webhook_id, delivery.body)
    if delivery.spoilt and delivery.attempts == 0:
        signed = signed[::-1]
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return {
        "paypal-transmission-id": transmission,
        "paypal-transmission-time": time,
        "paypal-transmission-sig": base64.b64encode(signature).decode(),
        "paypal-cert-url": f"{world.address}/paypal/v1/notifications/certs/{leaf['name']}",
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-auth-version": "v2",
    }


def routes(world: World) -> list[Route]:
    """Return the address of the certificate."""

    async def certificate(request: Request) -> Response:
        leaf = _leaf(world)
        if request.path_params["name"] != leaf["name"]:
            return PlainTextResponse("no such certificate", 404)
        return PlainTextResponse(leaf["certificate"] + world.keys.paypal_webhook_ca)

    return [Route("/v1/notifications/certs/{name}", certificate)]


def verify(call: Call) -> Answer:
    """Say whether a delivery is ours. The event is taken as the request's own text has it, because a changed blank fails."""
    given = call.body
    leaf = _leaf(call.world)
    key = x509.load_pem_x509_certificate(leaf["certificate"].encode()).public_key()
    body = _raw_event(call.raw)
    signed = _signed(given["transmission_id"], given["transmission_time"], given["webhook_id"], body)
    ours = given["webhook_id"] == call.world.keys.paypal_webhook_id
    right = ours and isinstance(key, rsa.RSAPublicKey) and _is_signature(key, given["transmission_sig"], signed)
    return Answer(200, {"verification_status": "SUCCESS" if right else "FAILURE"})


def _is_signature(key: rsa.RSAPublicKey, encoded: str, signed: bytes) -> bool:
    try:
        key.verify(base64.b64decode(encoded, validate=True), signed, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error):
        return False
    return True


def _signed(transmission: str, time: str, webhook: str, body: bytes) -> bytes:
    return f"{transmission}|{time}|{webhook}|{zlib.crc32(body)}".encode()


def _raw_event(raw: str) -> bytes:
    found = _EVENT.search(raw)
    if found is None:
        return b""
    _, end = json.JSONDecoder().raw_decode(raw, found.end())
    return raw[found.end() : end].encode()


def _leaf(world: World) -> dict[str, Any]:
    """Return the signing certificate with its key, issued anew when the last one is about to end."""
    kept = world.store.fact(_LEAF)
    leaf: dict[str, Any] | None = None if kept is None else json.loads(kept)
    if leaf is None or leaf["until"] <= utc_now().timestamp():
        key, certificate = make_leaf(
            ca_key=world.keys.paypal_ca_key, ca_certificate=world.keys.paypal_webhook_ca, host=_HOST
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        until = int(x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc.timestamp()) - 86_400
        leaf = {"name": random_ref("CERT-", length=32), "key": pem, "certificate": certificate, "until": until}
        world.store.set_fact(_LEAF, json.dumps(leaf))
    return leaf
