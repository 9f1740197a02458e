"""Payment intents: created, confirmed, authenticated, captured, cancelled.

Source: docs.stripe.com/payments/paymentintents/lifecycle.
"""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe import aftermath, charges, customers
from vibestream.sandbox.gateways.stripe.amounts import check_amount
from vibestream.sandbox.gateways.stripe.call import Call, Declined
from vibestream.sandbox.gateways.stripe.cards import Authentication, Card
from vibestream.sandbox.gateways.stripe.errors import StripeError
from vibestream.sandbox.gateways.stripe.objects import find, keep, page, public

_OPEN: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"})


def create(call: Call) -> Document:
    """Create a payment intent, and confirm it at once if asked."""
    intent = new_intent(call, call.params)
    if call.params.get("confirm"):
        return attempt(call, intent, off_session=bool(call.params.get("off_session")))
    if call.params.get("off_session"):
        raise StripeError("`off_session` can only be used with `confirm`=true.", param="off_session")
    return intent


def new_intent(call: Call, given: dict[str, Any]) -> Document:
    """Store a new payment intent and return it."""
    if "amount" not in given:
        raise StripeError("Missing required param: amount.", code="parameter_missing", param="amount")
    check_amount(given["amount"], given["currency"])
    if "customer" in given:
        find(call.world, "customer", given["customer"], param="customer")
    method = given.get("payment_method")
    if method is not None:
        method = customers.method_of(call.world, method, param="payment_method")["id"]
    ref = random_ref("pi_")
    intent: dict[str, Any] = {
        "id": ref,
        "object": "payment_intent",
        "amount": given["amount"],
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "automatic_payment_methods": given.get("automatic_payment_methods"),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": given.get("capture_method", "automatic_async"),
        "client_secret": f"{ref}_secret_{random_ref(length=25)}",
        "confirmation_method": given.get("confirmation_method", "automatic"),
        "created": call.world.now(),
        "currency": given["currency"],
        "customer": given.get("customer"),
        "description": given.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "next_action": None,
        "payment_method": method,
        "payment_method_options": given.get("payment_method_options") or {},
        "payment_method_types": given.get("payment_method_types", ["card"]),
        "processing": None,
        "receipt_email": given.get("receipt_email"),
        "review": None,
        "setup_future_usage": given.get("setup_future_usage"),
        "shipping": None,
        "statement_descriptor": given.get("statement_descriptor"),
        "statement_descriptor_suffix": given.get("statement_descriptor_suffix"),
        "status": "requires_confirmation" if method else "requires_payment_method",
        "transfer_data": None,
        "transfer_group": given.get("transfer_group"),
    }
    call.emit("payment_intent.created", keep(call.world, intent))
    return intent


def confirm(call: Call) -> Document:
    """Confirm a payment intent with its payment method or the one that is given."""
    intent = find(call.world, "payment_intent", call.ids["id"])
    if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise _unexpected(intent, "confirm")
    if "payment_method" in call.params:
        given = call.params["payment_method"]
        intent["payment_method"] = customers.method_of(call.world, given, param="payment_method")["id"]
    return attempt(call, intent, off_session=bool(call.params.get("off_session")))


def attempt(call: Call, intent: Document, *, off_session: bool = False, authenticated: bool = False) -> Document:
    """Charge the intent's card, as that card behaves, and return the intent.

    Raises:
        Declined: the card was declined; the intent, which can be tried again, says why.
        StripeError: there is no payment method, or it is not this customer's.
    """
    if intent["payment_method"] is None:
        raise StripeError(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    method = customers.method_of(call.world, intent["payment_method"])
    if method["customer"] is not None and method["customer"] != intent["customer"]:
        raise StripeError("The PaymentMethod does not belong to the Customer you supplied.", param="payment_method")
    if method.get("sandbox_detached"):
        raise StripeError("The PaymentMethod was detached and may not be used again.", param="payment_method")
    card = customers.card_of(method)
    if _wants_authentication(card, intent, method) and not authenticated and not card.blocked:
        if off_session:
            raise _decline(call, intent, method, card, code="authentication_required")
        return _ask_for_authentication(call, intent)
    if card.decline is not None:
        raise _decline(call, intent, method, card, code=None)
    return _approve(call, intent, method, card, authenticated=authenticated)


def fail_authentication(call: Call, intent: Document) -> Document:
    """Record that the payer's bank did not recognise the payer."""
    error = {
        "code": "payment_intent_authentication_failure",
        "message": "The provided PaymentMethod has failed authentication.",
        "type": "card_error",
    }
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": error,
    }
    keep(call.world, intent)
    call.emit("payment_intent.payment_failed", intent)
    return intent


def capture(call: Call) -> Document:
    """Capture what was authorised, all of it or less; the rest is let go."""
    intent = find(call.world, "payment_intent", call.ids["id"])
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "capture")
    amount = call.params["amount_to_capture"] if "amount_to_capture" in call.params else intent["amount_capturable"]
    if not 0 < amount <= intent["amount_capturable"]:
        raise StripeError(
            f"The amount could not be captured. Please use an amount between 1 and {intent['amount_capturable']}.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    return _capture(call, intent, find(call.world, "charge", intent["latest_charge"]), amount)


def cancel(call: Call) -> Document:
    """Cancel a payment intent that was not captured."""
    intent = find(call.world, "payment_intent", call.ids["id"])
    if intent["status"] not in _OPEN:
        raise _unexpected(intent, "cancel")
    return give_up(call, intent, reason=call.params.get("cancellation_reason"))


def give_up(call: Call, intent: Document, *, reason: str | None) -> Document:
    """Cancel an open intent; what was authorised is let go."""
    if intent["status"] == "requires_capture":
        charge = find(call.world, "charge", intent["latest_charge"])
        charge |= {"refunded": True, "amount_refunded": charge["amount"]}
        call.emit("charge.refunded", keep(call.world, charge))
    intent |= {
        "status": "canceled",
        "canceled_at": call.world.now(),
        "cancellation_reason": reason,
        "amount_capturable": 0,
        "next_action": None,
    }
    call.emit("payment_intent.canceled", keep(call.world, intent))
    return intent


def retrieve(call: Call) -> Document:
    """Return a payment intent."""
    return find(call.world, "payment_intent", call.ids["id"])


def update(call: Call) -> Document:
    """Change the description and metadata, and the amount while nothing was authorised."""
    intent = find(call.world, "payment_intent", call.ids["id"])
    if "amount" in call.params:
        if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
            raise _unexpected(intent, "update")
        check_amount(call.params["amount"], intent["currency"])
        intent["amount"] = call.params["amount"]
    if "description" in call.params:
        intent["description"] = call.params["description"]
    intent["metadata"] = intent["metadata"] | (call.params.get("metadata") or {})
    return keep(call.world, intent)


def list_intents(call: Call) -> Document:
    """List payment intents, of a customer if asked."""
    customer = call.params.get("customer")
    return page(
        call.world,
        "payment_intent",
        call.params,
        url="/v1/payment_intents",
        only=lambda one: customer is None or one["customer"] == customer,
    )


def _wants_authentication(card: Card, intent: Document, method: Document) -> bool:
    asked = (intent["payment_method_options"].get("card") or {}).get("request_three_d_secure")
    first = card.authentication is Authentication.FIRST and not method["sandbox_authenticated"]
    return first or card.authentication is Authentication.ALWAYS or asked in ("any", "challenge")


def _ask_for_authentication(call: Call, intent: Document) -> Document:
    url = f"{call.world.address}/stripe/authenticate/{intent['id']}"
    intent |= {
        "status": "requires_action",
        "next_action": {
            "redirect_to_url": {"return_url": call.params.get("return_url"), "url": url},
            "type": "redirect_to_url",
        },
    }
    keep(call.world, intent)
    call.emit("payment_intent.requires_action", intent)
    return intent


def _decline(call: Call, intent: Document, method: Document, card: Card, *, code: str | None) -> Declined:
    charge = charges.new_charge(call.world, intent, method, card, approved=False, authenticated=False)
    said = (
        "Your card was declined."
        if code is None
        else "Your card was declined. This transaction requires authentication."
    )
    more = {"charge": charge["id"], "decline_code": code or card.decline}
    error = StripeError(said, status=402, kind="card_error", code=code or card.code, more=more)
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "latest_charge": charge["id"],
        "last_payment_error": error.error | {"payment_method": public(method)},
    }
    keep(call.world, intent)
    call.emit("charge.failed", charge)
    call.emit("payment_intent.payment_failed", intent)
    error.error["payment_intent"] = dict(intent)
    return Declined(error)


def _approve(call: Call, intent: Document, method: Document, card: Card, *, authenticated: bool) -> Document:
    charge = charges.new_charge(call.world, intent, method, card, approved=True, authenticated=authenticated)
    intent |= {"latest_charge": charge["id"], "next_action": None, "last_payment_error": None}
    if intent["setup_future_usage"] is not None and intent["customer"] is not None:
        method["sandbox_authenticated"] = authenticated
        customers.attach(call.world, method, intent["customer"])
    if intent["capture_method"] == "manual":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        call.emit("charge.succeeded", charge)
        call.emit("payment_intent.amount_capturable_updated", keep(call.world, intent))
        return intent
    return _capture(call, intent, charge, intent["amount"])


def _capture(call: Call, intent: Document, charge: Document, amount: int) -> Document:
    was_authorised = intent["status"] == "requires_capture"
    charge = charges.capture(call, charge, amount)
    intent |= {"status": "succeeded", "amount_received": charge["amount_captured"], "amount_capturable": 0}
    keep(call.world, intent)
    call.emit("charge.captured" if was_authorised else "charge.succeeded", charge)
    call.emit("payment_intent.succeeded", intent)
    aftermath.follow(call, intent, charge)
    return intent


def _unexpected(intent: Document, act: str) -> StripeError:
    return StripeError(
        f"You cannot {act} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        more={"payment_intent": dict(intent)},
    )
