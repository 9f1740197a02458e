"""Payments: authorizations, captures and refunds.

Source: developer.paypal.com/docs/api/payments/v2.
"""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.answers import Answer
from vibestream.sandbox.gateways.faults import Fault
from vibestream.sandbox.gateways.paypal import amounts, payers
from vibestream.sandbox.gateways.paypal.call import Call
from vibestream.sandbox.gateways.paypal.errors import PayPalError, unprocessable
from vibestream.sandbox.gateways.paypal.objects import (
    PROVIDER,
    emit,
    find,
    iso,
    keep,
    link,
    new_ref,
    of_parent,
    shown,
    transaction,
)
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.world import World

_AUTHORISED_S: Final = 29 * 86_400


def new_authorization(world: World, order: Document) -> Document:
    """Store the authorization of an order.

    Raises:
        PayPalError: the payer's bank declines.
    """
    if payers.is_declined(order["sandbox_email"]):
        detail = {
            "issue": "INSTRUMENT_DECLINED",
            "description": "The instrument presented was declined by the processor or bank.",
        }
        raise PayPalError("UNPROCESSABLE_ENTITY", status=422, details=[detail])
    ref = new_ref()
    made: Document = _of_order(world, order, ref) | {
        "status": "CREATED",
        "amount": _plain(order["purchase_units"][0]["amount"]),
        "expiration_time": iso(world.now() + _AUTHORISED_S),
        "links": [
            link(world, f"/v2/payments/authorizations/{ref}", "self"),
            link(world, f"/v2/payments/authorizations/{ref}/capture", "capture", "POST"),
            link(world, f"/v2/payments/authorizations/{ref}/void", "void", "POST"),
        ],
        "sandbox_expires": world.now() + _AUTHORISED_S,
        "sandbox_order": order["id"],
    }
    keep(world, "authorization", made, parent=order["id"])
    emit(world, "PAYMENT.AUTHORIZATION.CREATED", "authorization", made)
    return made


def new_capture(
    world: World,
    order: Document,
    *,
    minor: int,
    authorization: str | None = None,
    invoice: str | None = None,
    final: bool = True,
) -> Document:
    """Store a capture of an order, with its line in the books unless it waits for a review.

    Raises:
        PayPalError: another order with this invoice id was captured before.
    """
    unit = order["purchase_units"][0]
    currency = unit["amount"]["currency_code"]
    invoice = invoice or unit.get("invoice_id")
    if invoice is not None:
        _pay_invoice_once(world, invoice)
    if world.faults.take(PROVIDER, frozenset({Fault.WRONG_AMOUNT}), act="capture", exactly=True):
        minor -= 1
    waits = payers.capture_waits(order["sandbox_email"])
    ref = new_ref()
    related = {"order_id": order["id"]} | ({} if authorization is None else {"authorization_id": authorization})
    made: Document = _of_order(world, order, ref) | {
        "status": "PENDING" if waits else "COMPLETED",
        "amount": amounts.money(minor, currency),
        "final_capture": final,
        "seller_protection": {"status": "NOT_ELIGIBLE"},
        "supplementary_data": {"related_ids": related},
        "links": [
            link(world, f"/v2/payments/captures/{ref}", "self"),
            link(world, f"/v2/payments/captures/{ref}/refund", "refund", "POST"),
            link(world, f"/v2/checkout/orders/{order['id']}", "up"),
        ],
        "sandbox_minor": minor,
        "sandbox_refunded": 0,
        "sandbox_email": order["sandbox_email"],
        "sandbox_disputed": False,
    }
    if invoice is not None:
        made["invoice_id"] = invoice
    if waits:
        made["status_details"] = {"reason": "PENDING_REVIEW"}
    keep(world, "capture", made, parent=authorization or order["id"])
    if waits:
        emit(world, "PAYMENT.CAPTURE.PENDING", "capture", made)
        return made
    return book_capture(world, made)


def book_capture(world: World, made: Document) -> Document:
    """Write a completed capture into the books, with PayPal's fee."""
    currency, minor = made["amount"]["currency_code"], made["sandbox_minor"]
    fee = amounts.fee_of(minor, currency)
    made.pop("status_details", None)
    made |= {"status": "COMPLETED", "update_time": iso(world.now())}
    late = world.faults.take(PROVIDER, frozenset({Fault.LATE_FEE}), act="capture") is not None
    made["sandbox_fee"] = fee
    if not late:
        made["seller_receivable_breakdown"] = breakdown(minor, fee, currency)
    transaction(
        world,
        code="T0006",
        amount=made["amount"],
        sign=1,
        fee=fee,
        subject=made["id"],
        ref=made["id"],
        ours=made.get("custom_id"),
        invoice=made.get("invoice_id"),
    )
    keep(world, "capture", made)
    emit(world, "PAYMENT.CAPTURE.COMPLETED", "capture", made)
    return made


def breakdown(minor: int, fee: int, currency: str) -> dict[str, Any]:
    """Return what a capture says of its fee."""
    return {
        "gross_amount": amounts.money(minor, currency),
        "paypal_fee": amounts.money(fee, currency),
        "net_amount": amounts.money(minor - fee, currency),
    }


def retrieve_authorization(call: Call) -> Answer:
    """Return an authorization."""
    return Answer(200, shown(_authorization(call)))


def capture_authorization(call: Call) -> Answer:
    """Capture what was authorised, all of it or less."""
    held = _authorization(call)
    if held["status"] == "VOIDED":
        raise unprocessable("AUTHORIZATION_VOIDED", "A voided authorization cannot be captured or reauthorized.")
    if held["status"] == "CAPTURED":
        raise unprocessable("AUTHORIZATION_ALREADY_CAPTURED", "Authorization has already been captured.")
    if held["sandbox_expires"] <= call.world.now():
        raise unprocessable("AUTHORIZATION_EXPIRED", "An expired authorization cannot be captured.")
    total, currency = amounts.minor_of(held["amount"]), held["amount"]["currency_code"]
    before = sum(one["sandbox_minor"] for one in of_parent(call.world, "capture", held["id"]))
    minor = total - before
    if "amount" in call.body:
        asked = amounts.read(call.body["amount"])
        if asked.currency.code != currency:
            raise unprocessable("AUTHORIZATION_CURRENCY_MISMATCH", "The currency differs from the authorization's.")
        minor = asked.minor
    if minor > total - before:
        raise unprocessable("MAX_CAPTURE_AMOUNT_EXCEEDED", "Capture amount exceeds allowable limit.")
    order = find(call.world, "order", held["sandbox_order"])
    final = call.body.get("final_capture", False) or before + minor == total
    made = new_capture(
        call.world, order, minor=minor, authorization=held["id"], invoice=call.body.get("invoice_id"), final=final
    )
    held["status"] = "CAPTURED" if final else "PARTIALLY_CAPTURED"
    keep(call.world, "authorization", held)
    order["purchase_units"][0]["payments"].setdefault("captures", []).append(made["id"])
    keep(call.world, "order", order)
    return Answer(201, _answered(call, made))


def void_authorization(call: Call) -> Answer:
    """Give up what was authorised and not captured."""
    held = _authorization(call)
    if held["status"] == "VOIDED":
        raise unprocessable("PREVIOUSLY_VOIDED", "Authorization has been previously voided.")
    if held["status"] in ("CAPTURED", "PARTIALLY_CAPTURED"):
        raise unprocessable("CANNOT_BE_VOIDED", "A captured authorization cannot be voided.")
    held["status"] = "VOIDED"
    keep(call.world, "authorization", held)
    emit(call.world, "PAYMENT.AUTHORIZATION.VOIDED", "authorization", held)
    return Answer(200, shown(held)) if call.whole else Answer(204, None)


def retrieve_capture(call: Call) -> Answer:
    """Return a capture."""
    return Answer(200, shown(find(call.world, "capture", call.ids["id"])))


def retrieve_refund(call: Call) -> Answer:
    """Return a refund."""
    return Answer(200, shown(find(call.world, "refund", call.ids["id"])))


def refund_capture(call: Call) -> Answer:
    """Refund some or all of a capture."""
    made = refund(call.world, find(call.world, "capture", call.ids["id"]), call.body)
    return Answer(201, _answered(call, made))


def refund(world: World, captured: Document, body: dict[str, Any]) -> Document:
    """Store a refund, its line in the books, and what it changes of its capture.

    Raises:
        PayPalError: it is refunded already, disputed, not completed, or less is left.
    """
    currency = captured["amount"]["currency_code"]
    left = captured["sandbox_minor"] - captured["sandbox_refunded"]
    if captured["status"] == "PENDING":
        raise unprocessable("REFUND_NOT_ALLOWED", "The capture is pending and cannot be refunded.")
    if captured["sandbox_disputed"]:
        raise unprocessable(
            "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK", "Refunds not allowed on this capture due to a chargeback."
        )
    if left == 0:
        raise unprocessable("CAPTURE_FULLY_REFUNDED", "The capture has already been fully refunded.")
    minor = left
    if "amount" in body:
        asked = amounts.read(body["amount"])
        if asked.currency.code != currency:
            raise unprocessable(
                "REFUND_CAPTURE_CURRENCY_MISMATCH", "Refund must be in the same currency as the capture."
            )
        minor = asked.minor
    if minor > left:
        raise unprocessable(
            "REFUND_AMOUNT_EXCEEDED", "The refund amount must be less than or equal to the capture amount."
        )
    if world.faults.take(PROVIDER, frozenset({Fault.INSUFFICIENT_BALANCE}), act="refund", exactly=True):
        raise unprocessable(
            "REFUND_FAILED_INSUFFICIENT_FUNDS", "Capture could not be refunded due to insufficient funds."
        )
    return _refund(world, captured, minor, body)


def _refund(world: World, captured: Document, minor: int, body: dict[str, Any]) -> Document:
    currency = captured["amount"]["currency_code"]
    ref, state = new_ref(), payers.refund_state(captured["sandbox_email"])
    amount = amounts.money(minor, currency)
    made: Document = {
        "id": ref,
        "status": state,
        "amount": amount,
        "create_time": iso(world.now()),
        "update_time": iso(world.now()),
        "seller_payable_breakdown": {
            "gross_amount": amount,
            "paypal_fee": amounts.money(0, currency),
            "net_amount": amount,
            "total_refunded_amount": amounts.money(captured["sandbox_refunded"] + minor, currency),
        },
        "links": [
            link(world, f"/v2/payments/refunds/{ref}", "self"),
            link(world, f"/v2/payments/captures/{captured['id']}", "up"),
        ],
        "sandbox_capture": captured["id"],
        "sandbox_minor": minor,
    }
    made |= {name: body[name] for name in ("custom_id", "invoice_id", "note_to_payer") if name in body}
    keep(world, "refund", made, parent=captured["id"])
    if state == "FAILED":
        emit(world, "PAYMENT.REFUND.FAILED", "refund", made)
        return made
    set_refunded(world, captured, captured["sandbox_refunded"] + minor)
    if state == "PENDING":
        emit(world, "PAYMENT.REFUND.PENDING", "refund", made)
        return made
    return book_refund(world, captured, made)


def book_refund(world: World, captured: Document, made: Document) -> Document:
    """Write a completed refund into the books."""
    made |= {"status": "COMPLETED", "update_time": iso(world.now())}
    keep(world, "refund", made)
    transaction(
        world,
        code="T1107",
        amount=made["amount"],
        sign=-1,
        fee=0,
        subject=captured["id"],
        ref=made["id"],
        ours=made.get("custom_id"),
        invoice=made.get("invoice_id"),
    )
    emit(world, "PAYMENT.CAPTURE.REFUNDED", "refund", made)
    return made


def set_refunded(world: World, captured: Document, minor: int) -> None:
    """Record how much of a capture went back."""
    whole = minor == captured["sandbox_minor"]
    captured["sandbox_refunded"] = minor
    captured["status"] = "REFUNDED" if whole else "PARTIALLY_REFUNDED" if minor else "COMPLETED"
    keep(world, "capture", captured)


def _authorization(call: Call) -> Document:
    return find(call.world, "authorization", call.ids["id"])


def _of_order(world: World, order: Document, ref: str) -> Document:
    unit = order["purchase_units"][0]
    made: Document = {"id": ref, "create_time": iso(world.now()), "update_time": iso(world.now())}
    return made | {name: unit[name] for name in ("custom_id", "invoice_id") if name in unit}


def _pay_invoice_once(world: World, invoice: str) -> None:
    if world.store.get(PROVIDER, "invoice", invoice) is not None:
        raise unprocessable(
            "DUPLICATE_INVOICE_ID",
            "Duplicate Invoice ID detected. To avoid a potential duplicate transaction your account setting requires that Invoice Id be unique for each transaction.",
        )
    keep(world, "invoice", {"id": invoice})


def _plain(amount: dict[str, Any]) -> dict[str, str]:
    return {name: amount[name] for name in ("currency_code", "value")}


def _answered(call: Call, made: Document) -> Document:
    return shown(made) if call.whole else {name: made[name] for name in ("id", "status", "links")}
