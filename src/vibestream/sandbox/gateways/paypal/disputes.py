"""Disputes: while one is open its amount is held; won, it comes back.

Source: developer.paypal.com/docs/api/customer-disputes/v1.
"""

from __future__ import annotations

from typing import Final

from vibestream.sandbox.gateways.answers import Answer
from vibestream.sandbox.gateways.paypal import amounts
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
    shown,
    transaction,
)
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.world import World

_MOST: Final = 50
REASONS: Final = (
    "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
    "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED",
    "UNAUTHORISED",
    "CREDIT_NOT_PROCESSED",
    "DUPLICATE_TRANSACTION",
    "INCORRECT_AMOUNT",
    "CANCELED_RECURRING_BILLING",
    "OTHER",
)


def open_dispute(world: World, captured: Document, *, reason: str, minor: int | None = None) -> Document:
    """Open a dispute of a completed capture.

    Raises:
        PayPalError: it is not completed, disputed already, or has less left.
    """
    left = captured["sandbox_minor"] - captured["sandbox_refunded"]
    taken = left if minor is None else minor
    if captured["status"] == "PENDING" or captured["sandbox_disputed"] or not 0 < taken <= left:
        raise unprocessable("CANNOT_BE_DISPUTED", "This capture cannot be disputed for that amount.")
    currency = captured["amount"]["currency_code"]
    ref = f"PP-D-{new_ref(length=9)}"
    amount = amounts.money(taken, currency)
    dispute: Document = {
        "id": ref,
        "dispute_id": ref,
        "create_time": iso(world.now()),
        "update_time": iso(world.now()),
        "disputed_transactions": [
            {
                "seller_transaction_id": captured["id"],
                "create_time": captured["create_time"],
                "transaction_status": "COMPLETED",
                "gross_amount": captured["amount"],
                "custom": captured.get("custom_id", ""),
                "invoice_number": captured.get("invoice_id", ""),
            }
        ],
        "reason": reason,
        "status": "WAITING_FOR_SELLER_RESPONSE",
        "dispute_state": "REQUIRED_ACTION",
        "dispute_amount": amount,
        "dispute_life_cycle_stage": "CHARGEBACK",
        "dispute_channel": "INTERNAL",
        "links": [
            link(world, f"/v1/customer/disputes/{ref}", "self"),
            link(world, f"/v1/customer/disputes/{ref}/accept-claim", "accept_claim", "POST"),
        ],
        "sandbox_capture": captured["id"],
    }
    captured["sandbox_disputed"] = True
    keep(world, "capture", captured)
    keep(world, "dispute", dispute, parent=captured["id"])
    transaction(world, code="T1110", amount=amount, sign=-1, fee=0, subject=ref, ours=captured.get("custom_id"))
    emit(world, "CUSTOMER.DISPUTE.CREATED", "dispute", _shown(dispute), version="1.0")
    return dispute


def decide(world: World, dispute: Document, *, won: bool) -> Document:
    """Resolve a dispute.

    Raises:
        PayPalError: it was resolved before.
    """
    if dispute["status"] == "RESOLVED":
        raise unprocessable("DISPUTE_ALREADY_RESOLVED", "The dispute is resolved.")
    outcome = "RESOLVED_SELLER_FAVOUR" if won else "RESOLVED_BUYER_FAVOUR"
    dispute |= {
        "status": "RESOLVED",
        "dispute_state": "RESOLVED",
        "update_time": iso(world.now()),
        "dispute_outcome": {"outcome_code": outcome} | ({} if won else {"amount_refunded": dispute["dispute_amount"]}),
    }
    keep(world, "dispute", dispute)
    captured = find(world, "capture", dispute["sandbox_capture"])
    if won:
        captured["sandbox_disputed"] = False
        keep(world, "capture", captured)
        ours = captured.get("custom_id")
        transaction(
            world, code="T1111", amount=dispute["dispute_amount"], sign=1, fee=0, subject=dispute["id"], ours=ours
        )
    emit(world, "CUSTOMER.DISPUTE.RESOLVED", "dispute", _shown(dispute), version="1.0")
    return dispute


def retrieve(call: Call) -> Answer:
    """Return a dispute."""
    return Answer(200, _shown(find(call.world, "dispute", call.ids["id"])))


def list_disputes(call: Call) -> Answer:
    """List disputes, the newest first: of a transaction, in a state."""
    capture, state = call.query.get("disputed_transaction_id"), call.query.get("dispute_state")
    found = [
        _shown(one)
        for one in call.world.store.newest_first(PROVIDER, "dispute", parent=capture)
        if state is None or one["dispute_state"] in state.split(",")
    ]
    size = int(call.query.get("page_size", "10"))
    if not 1 <= size <= _MOST:
        raise PayPalError(
            "INVALID_REQUEST", status=400, details=[{"issue": "INVALID_PARAMETER_VALUE", "field": "page_size"}]
        )
    start = int(call.query.get("next_page_token", "0") or 0)
    links = [link(call.world, "/v1/customer/disputes", "self")]
    if len(found) > start + size:
        following = f"/v1/customer/disputes?page_size={size}&next_page_token={start + size}"
        links.append(link(call.world, following + (f"&disputed_transaction_id={capture}" if capture else ""), "next"))
    return Answer(200, {"items": found[start : start + size], "links": links})


def accept_claim(call: Call) -> Answer:
    """Give in: the dispute is lost."""
    dispute = decide(call.world, find(call.world, "dispute", call.ids["id"]), won=False)
    return Answer(200, {"links": dispute["links"][:1]})


def _shown(dispute: Document) -> Document:
    seen = shown(dispute)
    seen.pop("id")
    return seen
