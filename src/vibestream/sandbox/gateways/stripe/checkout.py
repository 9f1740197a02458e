"""Checkout sessions: what the merchant asks for, and what the payer does on the hosted page.

Source: docs.stripe.com/api/checkout/sessions. As in Stripe, the payment intent is made when the payer pays, not before.
"""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe import customers, payments
from vibestream.sandbox.gateways.stripe.amounts import check_amount
from vibestream.sandbox.gateways.stripe.call import Call
from vibestream.sandbox.gateways.stripe.cards import Card
from vibestream.sandbox.gateways.stripe.errors import StripeError, missing
from vibestream.sandbox.gateways.stripe.objects import PROVIDER, find, keep, page

_LIFE_S: Final = 86_400
_LEAST_LIFE_S: Final = 1_800
_EXPIRY: Final = "session_expiry"


def create(call: Call) -> Document:
    """Open a session in payment mode; its page is at `url` until it is paid or its time is over."""
    given, world = call.params, call.world
    if given.get("mode", "payment") != "payment":
        raise StripeError("The sandbox has Checkout in payment mode only.", param="mode")
    items = given.get("line_items") or []
    if not items:
        raise missing("line_items")
    if "success_url" not in given:
        raise missing("success_url")
    amount, currency, shown = _total(items)
    check_amount(amount, currency)
    if "customer" in given:
        find(world, "customer", given["customer"], param="customer")
        if "customer_email" in given:
            raise StripeError("You may only specify one of these parameters: customer, customer_email.")
    now = world.now()
    expires = given.get("expires_at", now + _LIFE_S)
    if not now + _LEAST_LIFE_S - 60 <= expires <= now + _LIFE_S + 60:
        raise StripeError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", param="expires_at"
        )
    session = _new(call, amount=amount, currency=currency, expires=expires, items=shown)
    world.store.schedule(PROVIDER, _EXPIRY, session["id"], at=expires)
    return keep(world, session)


def _new(call: Call, *, amount: int, currency: str, expires: int, items: list[dict[str, Any]]) -> dict[str, Any]:
    given = call.params
    ref = random_ref("cs_test_", length=58)
    email = given.get("customer_email")
    return {
        "id": ref,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "client_secret": None,
        "created": call.world.now(),
        "currency": currency,
        "customer": given.get("customer"),
        "customer_creation": given.get("customer_creation", "if_required"),
        "customer_details": None if email is None else {"email": email},
        "customer_email": email,
        "expires_at": expires,
        "livemode": False,
        "locale": given.get("locale"),
        "metadata": given.get("metadata") or {},
        "mode": "payment",
        "payment_intent": None,
        "payment_method_options": given.get("payment_method_options") or {},
        "payment_method_types": given.get("payment_method_types", ["card"]),
        "payment_status": "unpaid",
        "status": "open",
        "success_url": given["success_url"],
        "ui_mode": given.get("ui_mode", "hosted_page"),
        "url": f"{call.world.address}/stripe/pay/{ref}",
        "sandbox_intent_data": given.get("payment_intent_data") or {},
        "sandbox_items": items,
        "sandbox_intent": None,
    }


def retrieve(call: Call) -> Document:
    """Return a session."""
    return current(call, call.ids["id"])


def list_sessions(call: Call) -> Document:
    """List sessions: of a payment intent, a customer, a state."""
    params = call.params

    def wanted(session: Document) -> bool:
        return all(session[name] == params[name] for name in ("payment_intent", "customer", "status") if name in params)

    parent = params.get("payment_intent")
    return page(call.world, "checkout.session", params, url="/v1/checkout/sessions", parent=parent, only=wanted)


def list_items(call: Call) -> Document:
    """List what is bought in a session."""
    session = current(call, call.ids["id"])
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return {"object": "list", "url": url, "has_more": False, "data": session["sandbox_items"]}


def expire(call: Call) -> Document:
    """Close an open session; its page says so."""
    session = current(call, call.ids["id"])
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"{session['status']}."
        )
    return _expire(call, session)


def expire_due(call: Call) -> list[Document]:
    """Close the open sessions whose time is over, and return them."""
    due = call.world.store.take_due(PROVIDER, _EXPIRY, now=call.world.now())
    sessions = [find(call.world, "checkout.session", ref) for ref in due]
    return [_expire(call, session) for session in sessions if session["status"] == "open"]


def current(call: Call, ref: str) -> Document:
    """Return a session as it stands now: expired when its time is over."""
    session = find(call.world, "checkout.session", ref)
    if session["status"] == "open" and session["expires_at"] <= call.world.now():
        return _expire(call, session)
    return session


def pay(call: Call, session: Document, card: Card, *, email: str | None) -> Document:
    """Do what the payer's click does, and return the payment intent: paid, authorised, or waiting for the payer's bank.

    Raises:
        Declined: the card was declined; the page asks for another one.
        StripeError: the session is not open.
    """
    if session["status"] != "open":
        raise StripeError("This Checkout Session is no longer open.")
    world = call.world
    details = session["sandbox_intent_data"]
    if session["customer"] is None and (details.get("setup_future_usage") or session["customer_creation"] == "always"):
        created = customers.new_customer(world, {"email": email or session["customer_email"]})
        call.emit("customer.created", created)
        session["customer"] = created["id"]
    method = customers.new_method(world, card, email=email or session["customer_email"])
    intent = _intent(call, session, details)
    intent["payment_method"] = method["id"]
    session["sandbox_intent"] = intent["id"]
    session["customer_details"] = {"email": email or session["customer_email"]}
    keep(world, session, parent=intent["id"])
    paid = payments.attempt(call, intent)
    return _complete(call, session, paid)


def authenticate(call: Call, session: Document, *, recognised: bool) -> Document:
    """Do what the payer's bank does after it asked the payer, and return the intent.

    Raises:
        Declined: the bank recognised the payer and declined all the same.
    """
    intent = find(call.world, "payment_intent", session["sandbox_intent"])
    if not recognised:
        return payments.fail_authentication(call, intent)
    return _complete(call, session, payments.attempt(call, intent, authenticated=True))


def _intent(call: Call, session: Document, details: dict[str, Any]) -> Document:
    if session["sandbox_intent"] is not None:
        return find(call.world, "payment_intent", session["sandbox_intent"])
    given = details | {
        "amount": session["amount_total"],
        "currency": session["currency"],
        "payment_method_options": session["payment_method_options"],
    }
    if session["customer"] is not None:
        given["customer"] = session["customer"]
    return payments.new_intent(call, given)


def _complete(call: Call, session: Document, intent: Document) -> Document:
    if intent["status"] not in ("succeeded", "requires_capture"):
        return intent
    session |= {
        "status": "complete",
        "payment_status": "paid" if intent["status"] == "succeeded" else "unpaid",
        "payment_intent": intent["id"],
        "url": None,
    }
    call.emit("checkout.session.completed", keep(call.world, session))
    return intent


def _expire(call: Call, session: Document) -> Document:
    session |= {"status": "expired", "url": None}
    if session["sandbox_intent"] is not None:
        intent = find(call.world, "payment_intent", session["sandbox_intent"])
        if intent["status"] != "canceled":
            payments.give_up(call, intent, reason="automatic")
    call.emit("checkout.session.expired", keep(call.world, session))
    return session


def _total(items: list[dict[str, Any]]) -> tuple[int, str, list[dict[str, Any]]]:
    total, currencies, shown = 0, set(), []
    for at, item in enumerate(items):
        price = item.get("price_data")
        if price is None:
            raise StripeError("The sandbox has no prices: give `price_data`.", param=f"line_items[{at}][price_data]")
        if "unit_amount" not in price:
            raise missing(f"line_items[{at}][price_data][unit_amount]")
        quantity = item.get("quantity", 1)
        product = price.get("product_data")
        if product is None:
            raise missing(f"line_items[{at}][price_data][product_data]")
        if price["unit_amount"] < 0 or quantity < 1:
            raise StripeError("Invalid amount: must be greater than 0.", param=f"line_items[{at}]")
        total += price["unit_amount"] * quantity
        currencies.add(price["currency"])
        shown.append(
            {
                "id": random_ref("li_"),
                "object": "item",
                "amount_subtotal": price["unit_amount"] * quantity,
                "amount_total": price["unit_amount"] * quantity,
                "currency": price["currency"],
                "description": product["name"],
                "quantity": quantity,
            }
        )
    if len(currencies) != 1:
        raise StripeError("All line items must have the same currency.", param="line_items")
    return total, currencies.pop(), shown
