"""Payers: what becomes of a payment is said by the payer's e-mail address, as in PayPal's own negative testing.

A local part that contains `declined`: the bank declines the capture; `pending`: the capture waits for a review; `echeck`: a refund
waits; `refundfails`: a refund fails. Everyone else pays.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from vibestream.sandbox.gateways.paypal.objects import PROVIDER, new_ref
from vibestream.sandbox.gateways.world import World

DEFAULT: Final = "payer@example.org"


def payer(email: str) -> dict[str, Any]:
    """Return a payer as orders have it; the account id is the same for the same address."""
    return {
        "email_address": email,
        "payer_id": _account(email),
        "name": {"given_name": "Sandbox", "surname": "Payer"},
        "address": {"country_code": "US"},
    }


def wallet(email: str) -> dict[str, Any]:
    """Return what an order says of the wallet that pays it."""
    return {
        "email_address": email,
        "account_id": _account(email),
        "account_status": "VERIFIED",
        "name": {"given_name": "Sandbox", "surname": "Payer"},
        "address": {"country_code": "US"},
    }


def vault(world: World, email: str) -> dict[str, Any]:
    """Store a wallet for later payments, and return what an order says of it."""
    ref = new_ref()
    world.store.put(PROVIDER, "vault", ref, {"id": ref, "email": email}, created=world.now())
    return {"id": ref, "status": "VAULTED", "customer": {"id": _account(email)}, "links": []}


def is_declined(email: str | None) -> bool:
    """Say whether this payer's bank declines."""
    return _says(email, "declined")


def capture_waits(email: str | None) -> bool:
    """Say whether this payer's captures wait for a review."""
    return _says(email, "pending")


def refund_state(email: str | None) -> str:
    """Return what becomes of a refund to this payer at first."""
    if _says(email, "refundfails"):
        return "FAILED"
    return "PENDING" if _says(email, "echeck") else "COMPLETED"


def _says(email: str | None, word: str) -> bool:
    return word in (email or "").partition("@")[0].lower()


def _account(email: str) -> str:
    return hashlib.sha256(email.lower().encode()).hexdigest()[:13].upper()
