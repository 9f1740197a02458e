"""Stripe's webhook signatures.

Source: docs.stripe.com/webhooks#verify-manually: `v1` is the hex HMAC-SHA256 of `{t}.{body}` under the endpoint's secret.
"""

from __future__ import annotations

import hashlib
import hmac

from vibestream.sandbox.gateways.webhooks import Delivery
from vibestream.sandbox.gateways.world import World


def sign(world: World, delivery: Delivery, at: int) -> dict[str, str]:
    """Return the header that signs a delivery with its endpoint's own secret."""
    connect = delivery.endpoint == "stripe-connect"
    secret = world.keys.stripe_connect_webhook_secret if connect else world.keys.stripe_webhook_secret
    if delivery.spoilt and delivery.attempts == 0:
        secret = "whsec_of_somebody_else"  # noqa: S105 - the fault is that it is wrong
    mac = hmac.new(secret.encode(), f"{at}.".encode() + delivery.body, hashlib.sha256)
    return {"stripe-signature": f"t={at},v1={mac.hexdigest()}"}
