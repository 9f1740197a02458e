"""Customers and payment methods."""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe import cards
from vibestream.sandbox.gateways.stripe.call import Call
from vibestream.sandbox.gateways.stripe.cards import Card
from vibestream.sandbox.gateways.stripe.errors import StripeError, missing
from vibestream.sandbox.gateways.stripe.objects import find, keep, page, public
from vibestream.sandbox.gateways.world import World

_CARD: Final = "sandbox_card"
"""Where a payment method keeps its test card's number; never sent."""


def create_customer(call: Call) -> Document:
    """Create a customer."""
    customer = new_customer(call.world, call.params)
    call.emit("customer.created", customer)
    return customer


def new_customer(world: World, given: dict[str, Any]) -> Document:
    """Store a new customer and return it."""
    customer: Document = {
        "id": random_ref("cus_", length=14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": world.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": given.get("description"),
        "email": given.get("email"),
        "invoice_prefix": random_ref(length=8).upper(),
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "name": given.get("name"),
        "phone": given.get("phone"),
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
    }
    return keep(world, customer)


def retrieve_customer(call: Call) -> Document:
    """Return a customer."""
    return find(call.world, "customer", call.ids["id"])


def update_customer(call: Call) -> Document:
    """Change what a customer is called."""
    customer = find(call.world, "customer", call.ids["id"])
    for name in ("description", "email", "name", "phone"):
        if name in call.params:
            customer[name] = call.params[name] or None
    customer["metadata"] |= call.params.get("metadata") or {}
    call.emit("customer.updated", keep(call.world, customer))
    return customer


def list_customers(call: Call) -> Document:
    """List customers, of one e-mail address if asked."""
    email = call.params.get("email")
    return page(
        call.world,
        "customer",
        call.params,
        url="/v1/customers",
        only=lambda one: email is None or one["email"] == email,
    )


def create_method(call: Call) -> Document:
    """Create a payment method from the number of a test card."""
    if call.params.get("type") != "card":
        raise missing("type") if "type" not in call.params else _other_type(call.params["type"])
    card = call.params.get("card") or {}
    known = cards.by_number(card.get("number", ""))
    if known is None:
        raise StripeError(
            "Your card was declined. Your request was in test mode, but used a non test card.",
            status=402,
            kind="card_error",
            code="card_declined",
            more={"decline_code": "live_mode_test_card"},
        )
    return new_method(call.world, known, month=card.get("exp_month", 12), year=card.get("exp_year", 2034))


def new_method(world: World, card: Card, *, month: int = 12, year: int = 2034, email: str | None = None) -> Document:
    """Store a new payment method of a test card and return it."""
    method = {
        "id": random_ref("pm_"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": None, "email": email, "name": None, "phone": None, "tax_id": None},
        "card": card_details(card) | {"exp_month": month, "exp_year": year},
        "created": world.now(),
        "customer": None,
        "livemode": False,
        "metadata": {"sandbox": "test card"},
        "type": "card",
        _CARD: card.number,
        "sandbox_authenticated": False,
    }
    keep(world, method)
    return public(method)


def retrieve_method(call: Call) -> Document:
    """Return a payment method."""
    return public(method_of(call.world, call.ids["id"]))


def list_methods(call: Call) -> Document:
    """List the payment methods of a customer."""
    found = page(
        call.world,
        "payment_method",
        call.params,
        url="/v1/payment_methods",
        only=lambda one: "customer" in call.params and one["customer"] == call.params["customer"],
    )
    return found | {"data": [public(one) for one in found["data"]]}


def attach_method(call: Call) -> Document:
    """Attach a payment method to a customer, for later use."""
    method = method_of(call.world, call.ids["id"])
    if "customer" not in call.params:
        raise missing("customer")
    customer = find(call.world, "customer", call.params["customer"], param="customer")
    attach(call.world, method, customer["id"])
    call.emit("payment_method.attached", public(method))
    return public(method)


def detach_method(call: Call) -> Document:
    """Detach a payment method from its customer: it can be used no more."""
    method = method_of(call.world, call.ids["id"])
    if method["customer"] is None:
        raise StripeError("The payment method you provided is not attached to a customer so detachment is impossible.")
    method |= {"customer": None, "sandbox_detached": True}
    keep(call.world, method)
    call.emit("payment_method.detached", public(method))
    return public(method)


def attach(world: World, method: Document, customer: str) -> None:
    """Record that a payment method belongs to a customer.

    Raises:
        StripeError: it belongs to another one, or was given up.
    """
    if method["customer"] not in (None, customer):
        raise StripeError("The payment method you provided has already been attached to a customer.")
    if method.get("sandbox_detached"):
        raise StripeError(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and"
            " may not be used again."
        )
    method["customer"] = customer
    keep(world, method)


def method_of(world: World, ref: str, *, param: str | None = None) -> Document:
    """Return a payment method with what only the stand-in knows; a `pm_card_` token makes a new one."""
    token = cards.by_token(ref)
    if token is not None:
        ref = new_method(world, token)["id"]
    return find(world, "payment_method", ref, param=param)


def card_of(method: Document) -> Card:
    """Return the test card of a payment method."""
    card = cards.by_number(method[_CARD])
    if card is None:
        raise LookupError(method["id"])
    return card


def card_details(card: Card) -> dict[str, Any]:
    """Return what a payment method says of its card."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "fingerprint": card.fingerprint,
        "funding": card.funding,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _other_type(kind: str) -> StripeError:
    return StripeError(f"The sandbox knows cards, not {kind}.", param="type")
