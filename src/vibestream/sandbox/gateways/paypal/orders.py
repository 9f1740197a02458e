"""Orders: created by the merchant, approved by the payer, then captured or authorised.

Source: developer.paypal.com/docs/api/orders/v2.
"""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.answers import Answer
from vibestream.sandbox.gateways.paypal import amounts, payers
from vibestream.sandbox.gateways.paypal.call import Call
from vibestream.sandbox.gateways.paypal.errors import PayPalError, not_found, unprocessable
from vibestream.sandbox.gateways.paypal.objects import PROVIDER, emit, find, iso, keep, link, new_ref, shown
from vibestream.sandbox.gateways.paypal.payments import new_authorization, new_capture
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.world import World

_LIFE_S: Final = 3 * 3_600
"""Source: an order that was not completed within three hours is gone; one that is gone answers 404."""
_EXPIRY: Final = "order_expiry"
_WAITING: Final = frozenset({"CREATED", "PAYER_ACTION_REQUIRED", "APPROVED"})


def create(call: Call) -> Answer:
    """Create an order; one with a stored payer is captured at once."""
    body = call.body
    source = (body.get("payment_source") or {}).get("paypal")
    if source is not None and call.key is None:
        raise PayPalError("INVALID_REQUEST", status=400, details=[{"issue": "PAYPAL_REQUEST_ID_REQUIRED"}])
    if len(body["purchase_units"]) != 1:
        raise unprocessable("UNSUPPORTED_PURCHASE_UNITS", "The sandbox takes one purchase unit per order.")
    unit = body["purchase_units"][0]
    total = amounts.read(unit["amount"], field="/purchase_units/@reference_id=='default'/amount")
    _check_breakdown(unit)
    order: Document = {
        "id": new_ref(),
        "intent": body["intent"],
        "status": "CREATED" if source is None else "PAYER_ACTION_REQUIRED",
        "purchase_units": [{"reference_id": "default"} | unit | {"amount": unit["amount"]}],
        "create_time": iso(call.world.now()),
        "sandbox_created": call.world.now(),
        "sandbox_minor": total.minor,
        "sandbox_context": (source or {}).get("experience_context") or body.get("application_context") or {},
        "sandbox_vault": ((source or {}).get("attributes") or {}).get("vault"),
        "sandbox_email": (source or {}).get("email_address"),
        "sandbox_key": call.key,
    }
    if source is not None:
        order["payment_source"] = {"paypal": {}}
    if source is not None and "vault_id" in source:
        return _charge_stored(call, order, source["vault_id"])
    keep(call.world, "order", order)
    call.world.store.schedule(PROVIDER, _EXPIRY, order["id"], at=order["sandbox_created"] + _LIFE_S)
    return Answer(201 if source is None else 200, _answered(call, order))


def retrieve(call: Call) -> Answer:
    """Return an order."""
    return Answer(200, _full(call.world, current(call.world, call.ids["id"])))


def capture(call: Call) -> Answer:
    """Capture an approved order, all of it."""
    order = _approved(call, "CAPTURE")
    complete(call.world, order)
    return Answer(201, _answered(call, order))


def authorize(call: Call) -> Answer:
    """Authorise an approved order; its authorization is then captured or voided."""
    order = _approved(call, "AUTHORIZE")
    made = new_authorization(call.world, order)
    order["purchase_units"][0]["payments"] = {"authorizations": [made["id"]]}
    order["status"] = "COMPLETED"
    keep(call.world, "order", order)
    return Answer(201, _answered(call, order))


def current(world: World, ref: str) -> Document:
    """Return an order as it stands now.

    Raises:
        PayPalError: there is none, or its time is over.
    """
    order = find(world, "order", ref)
    if order.get("sandbox_gone") or _is_over(world, order):
        raise not_found()
    return order


def approve(world: World, order: Document, *, email: str) -> Document:
    """Do what the payer's click does."""
    order |= {"status": "APPROVED", "payer": payers.payer(email), "sandbox_email": email}
    order["payment_source"] = {"paypal": payers.wallet(email)}
    keep(world, "order", order)
    emit(world, "CHECKOUT.ORDER.APPROVED", "checkout-order", _full(world, order))
    return order


def complete(world: World, order: Document) -> Document:
    """Capture an order for its payer.

    Raises:
        PayPalError: the payer's bank declines, or the invoice was paid before.
    """
    if payers.is_declined(order["sandbox_email"]):
        back = {"href": f"{world.address}/paypal/checkoutnow?token={order['id']}", "rel": "redirect", "method": "GET"}
        detail = {
            "issue": "INSTRUMENT_DECLINED",
            "description": "The instrument presented was declined by the processor or bank.",
        }
        raise PayPalError("UNPROCESSABLE_ENTITY", status=422, details=[detail], links=[back])
    made = new_capture(world, order, minor=order["sandbox_minor"])
    order["purchase_units"][0]["payments"] = {"captures": [made["id"]]}
    order["status"] = "COMPLETED"
    if order["sandbox_vault"] is not None and "vault" not in order["payment_source"]["paypal"].get("attributes", {}):
        order["payment_source"]["paypal"]["attributes"] = {"vault": payers.vault(world, order["sandbox_email"])}
    keep(world, "order", order)
    emit(world, "CHECKOUT.ORDER.COMPLETED", "checkout-order", _full(world, order))
    return order


def tick(world: World) -> None:
    """Let orders go whose time is over; the payer of an approved one is told that nothing will be taken."""
    for ref in world.store.take_due(PROVIDER, _EXPIRY, now=world.now()):
        order = find(world, "order", ref)
        if not _is_over(world, order):
            continue
        order["sandbox_gone"] = True
        keep(world, "order", order)
        if order["status"] == "APPROVED":
            resource = {"order_id": ref, "purchase_units": order["purchase_units"]}
            emit(world, "CHECKOUT.PAYMENT-APPROVAL.REVERSED", "checkout-order", resource)


def _is_over(world: World, order: Document) -> bool:
    return order["status"] in _WAITING and order["sandbox_created"] + _LIFE_S <= world.now()


def _approved(call: Call, intent: str) -> Document:
    order = current(call.world, call.ids["id"])
    if order["status"] == "COMPLETED":
        raise unprocessable(f"ORDER_ALREADY_{'CAPTURED' if order['intent'] == 'CAPTURE' else 'AUTHORIZED'}")
    if order["intent"] != intent:
        raise unprocessable("ACTION_DOES_NOT_MATCH_INTENT", "Order was created with another intent.")
    if order["status"] != "APPROVED":
        raise unprocessable("ORDER_NOT_APPROVED", "Payer has not yet approved the Order for payment.")
    return order


def _charge_stored(call: Call, order: Document, vault_id: str) -> Answer:
    stored = call.world.store.get(PROVIDER, "vault", vault_id)
    if stored is None:
        raise unprocessable(
            "INVALID_RESOURCE_ID", "Specified vault_id does not exist.", field="/payment_source/paypal/vault_id"
        )
    email = stored["email"]
    order |= {"status": "APPROVED", "sandbox_email": email, "payer": payers.payer(email)}
    order["payment_source"] = {"paypal": payers.wallet(email)}
    keep(call.world, "order", order)
    if order["intent"] == "CAPTURE":
        complete(call.world, order)
    return Answer(201, _answered(call, order))


def _check_breakdown(unit: dict[str, Any]) -> None:
    parts = unit["amount"].get("breakdown")
    items = unit.get("items")
    if items and (parts is None or "item_total" not in parts):
        raise unprocessable(
            "ITEM_TOTAL_REQUIRED", "If item details are specified, amount.breakdown.item_total is required."
        )
    if items:
        total = sum(int(item["quantity"]) * amounts.minor_of(item["unit_amount"]) for item in items)
        if total != amounts.minor_of(parts["item_total"]):
            raise unprocessable("ITEM_TOTAL_MISMATCH", "Should equal sum of (unit_amount * quantity) across all items.")
    if parts:
        total = sum(amounts.minor_of(value) * (-1 if name == "discount" else 1) for name, value in parts.items())
        if total != amounts.minor_of(unit["amount"]):
            raise unprocessable("AMOUNT_MISMATCH", "Should equal item_total + tax_total - discount.")


def _answered(call: Call, order: Document) -> Document:
    whole = _full(call.world, order)
    if call.whole:
        return whole
    units = [{"reference_id": unit["reference_id"]} | _payments(unit) for unit in whole["purchase_units"]]
    short = {name: whole[name] for name in ("id", "status", "payment_source", "payer", "links") if name in whole}
    return short | ({"purchase_units": units} if order["status"] == "COMPLETED" else {})


def _payments(unit: dict[str, Any]) -> dict[str, Any]:
    return {"payments": unit["payments"]} if "payments" in unit else {}


def _full(world: World, order: Document) -> Document:
    """Return an order as it is sent: with its payments as they stand now, and the links of its state."""
    whole = shown(order)
    units = []
    for unit in order["purchase_units"]:
        made = unit.get("payments", {})
        payments = {
            kind: [shown(find(world, single, ref)) for ref in made[kind]]
            for kind, single in (("captures", "capture"), ("authorizations", "authorization"))
            if kind in made
        }
        refunds = [
            shown(one)
            for ref in made.get("captures", ())
            for one in world.store.newest_first(PROVIDER, "refund", parent=ref)
        ]
        units.append(unit | ({"payments": payments | ({"refunds": refunds} if refunds else {})} if payments else {}))
    path = f"/v2/checkout/orders/{order['id']}"
    links = [link(world, path, "self")]
    if order["status"] in ("CREATED", "PAYER_ACTION_REQUIRED"):
        rel = "approve" if order["status"] == "CREATED" else "payer-action"
        links.append({"href": f"{world.address}/paypal/checkoutnow?token={order['id']}", "rel": rel, "method": "GET"})
    if order["status"] in ("CREATED", "APPROVED"):
        rel = "capture" if order["intent"] == "CAPTURE" else "authorize"
        links.append(link(world, f"{path}/{rel}", rel, "POST"))
    return whole | {"purchase_units": units, "links": links}
