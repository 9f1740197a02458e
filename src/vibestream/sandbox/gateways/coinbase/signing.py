"""Coinbase's webhook signatures.

Source: docs.cdp.coinbase.com/webhooks/verify-signatures: `t`, then `v0` over `{t}.{body}`, then `h` (names of headers, by spaces) and
`v1` over `{t}.{h}.{their values, by dots}.{body}`; hex HMAC-SHA256.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from vibestream.sandbox.gateways.webhooks import Delivery
from vibestream.sandbox.gateways.world import World

_SIGNED: Final = ("x-hook0-id", "content-type")


def sign(world: World, delivery: Delivery, at: int) -> dict[str, str]:
    """Return the headers that sign a delivery; the event's id, the same for each attempt, is one that is signed."""
    headers = {"x-hook0-id": delivery.event, "content-type": "application/json"}
    names = " ".join(_SIGNED)
    values = ".".join(headers[name] for name in _SIGNED)
    secret = world.keys.coinbase_webhook_secret
    if delivery.spoilt and delivery.attempts == 0:
        secret = secret[::-1] + "0"
    short = _mac(secret, f"{at}.".encode() + delivery.body)
    whole = _mac(secret, f"{at}.{names}.{values}.".encode() + delivery.body)
    return headers | {"x-hook0-signature": f"t={at},v0={short},h={names},v1={whole}"}


def _mac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
