"""Payouts: batches of items to e-mail addresses; each item ends as its receiver's address says.

A local part that contains `unclaimed`: nobody has this address, and after 30 days the money comes back; `returned`: it comes back at
once; `blocked`, `held`, `failed`: what they say; everyone else is paid. Items are worked on after the batch was answered.
Source: developer.paypal.com/docs/api/payments.payouts-batch/v1.
"""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.answers import Answer
from vibestream.sandbox.gateways.faults import Fault
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
    of_parent,
    shown,
    transaction,
)
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.world import World

_UNCLAIMED_S: Final = 30 * 86_400
_WORK: Final = "payout_work"
_UNCLAIMED: Final = "unclaimed_return"
_UNIQUE_S: Final = 30 * 86_400
_ENDS: Final = {
    "unclaimed": "UNCLAIMED",
    "returned": "RETURNED",
    "blocked": "BLOCKED",
    "held": "ONHOLD",
    "failed": "FAILED",
}
_LEFT: Final = frozenset({"SUCCESS", "UNCLAIMED", "ONHOLD"})
"""States in which the money has left us."""
_EVENTS: Final = {
    "SUCCESS": "SUCCEEDED",
    "UNCLAIMED": "UNCLAIMED",
    "RETURNED": "RETURNED",
    "BLOCKED": "BLOCKED",
    "ONHOLD": "HELD",
    "FAILED": "FAILED",
}
_ERRORS: Final = {
    "UNCLAIMED": ("RECEIVER_UNREGISTERED", "Receiver is unregistered"),
    "RETURNED": ("RECEIVER_REFUSED", "The receiver refused the payment"),
    "BLOCKED": ("REGULATORY_BLOCKED", "This transaction is blocked due to regulatory compliance restrictions."),
    "FAILED": ("RECEIVER_ACCOUNT_LOCKED", "Receiver account is locked"),
    "ONHOLD": ("RISK_DECLINE", "The payout is held for a review"),
}


def create(call: Call) -> Answer:
    """Take a batch; the same `sender_batch_id` within 30 days is refused with a link to the first one."""
    header, items = call.body["sender_batch_header"], call.body["items"]
    batch_id = header.get("sender_batch_id") or new_ref()
    before = call.world.store.get(PROVIDER, "batch_id", batch_id)
    if before is not None and before["at"] + _UNIQUE_S > call.world.now():
        detail = {
            "field": "SENDER_BATCH_ID",
            "location": "body",
            "issue": f"Batch with given sender_batch_id already exists: {before['batch']}",
        }
        links = [link(call.world, f"/v1/payments/payouts/{before['batch']}", "self")]
        raise PayPalError("USER_BUSINESS_ERROR", status=400, details=[detail], links=links)
    amounts_ = [
        amounts.read(item["amount"], code="currency", field=f"/items/{at}/amount") for at, item in enumerate(items)
    ]
    if len({amount.currency.code for amount in amounts_}) != 1:
        raise unprocessable("MULTIPLE_CURRENCIES", "All items of a batch have one currency.", field="/items")
    if call.world.faults.take(PROVIDER, frozenset({Fault.INSUFFICIENT_BALANCE}), act="payout"):
        raise PayPalError("INSUFFICIENT_FUNDS", status=422)
    ref = new_ref(13)
    batch: Document = {
        "id": ref,
        "status": "PENDING",
        "sender_batch_header": header | {"sender_batch_id": batch_id},
        "time_created": iso(call.world.now()),
        "currency": amounts_[0].currency.code,
    }
    keep(call.world, "batch", batch)
    call.world.store.schedule(PROVIDER, _WORK, ref, at=call.world.now() + 1)
    call.world.store.put(
        PROVIDER, "batch_id", batch_id, {"batch": ref, "at": call.world.now()}, created=call.world.now()
    )
    for item, amount in zip(items, amounts_, strict=True):
        _add(call.world, batch, item, amount.minor)
    return Answer(201, {"batch_header": _header(call.world, batch, short=True), "links": _links(call.world, ref)})


def retrieve(call: Call) -> Answer:
    """Return a batch with its items."""
    batch = find(call.world, "batch", call.ids["id"])
    process(call.world, batch)
    items = [_shown(call.world, item) for item in of_parent(call.world, "item", batch["id"])]
    return Answer(
        200,
        {
            "total_items": len(items),
            "total_pages": 1,
            "batch_header": _header(call.world, batch),
            "items": items,
            "links": _links(call.world, batch["id"]),
        },
    )


def retrieve_item(call: Call) -> Answer:
    """Return one item."""
    item = find(call.world, "item", call.ids["id"])
    process(call.world, find(call.world, "batch", item["payout_batch_id"]))
    return Answer(200, _shown(call.world, find(call.world, "item", item["id"])))


def cancel_item(call: Call) -> Answer:
    """Take back an item that nobody claimed."""
    item = find(call.world, "item", call.ids["id"])
    if item["transaction_status"] != "UNCLAIMED":
        raise PayPalError("USER_BUSINESS_ERROR", status=400, details=[{"issue": "ITEM_ALREADY_CANCELLED"}])
    return Answer(200, _shown(call.world, end_item(call.world, item, "RETURNED")))


def process(world: World, batch: Document) -> None:
    """Work on a batch that waits: every item ends as its receiver's address says."""
    if batch["status"] != "PENDING":
        return
    for item in of_parent(world, "item", batch["id"]):
        local = item["payout_item"]["receiver"].partition("@")[0].lower()
        end_item(world, item, next((state for word, state in _ENDS.items() if word in local), "SUCCESS"))
    batch |= {"status": "SUCCESS", "time_completed": iso(world.now())}
    keep(world, "batch", batch)
    emit(world, "PAYMENT.PAYOUTSBATCH.SUCCESS", "payouts", {"batch_header": _header(world, batch)}, version="1.0")


def end_item(world: World, item: Document, state: str) -> Document:
    """Let an item reach a state; money that left, or comes back, is a line in the books."""
    was, currency = item["transaction_status"], item["payout_item"]["amount"]["currency"]
    amount = amounts.money(item["sandbox_minor"], currency)
    ours = item["payout_item"].get("sender_item_id")
    fee = amounts.payout_fee(currency)
    if state == "RETURNED" and was == "PENDING":
        item = end_item(world, item, "UNCLAIMED")
        was = "UNCLAIMED"
    if state in _LEFT and was == "PENDING":
        item |= {
            "transaction_id": new_ref(),
            "payout_item_fee": {"currency": currency, "value": amounts.money(fee, currency)["value"]},
        }
        transaction(
            world,
            code="T0001",
            amount=amount,
            sign=-1,
            fee=fee,
            subject=item["id"],
            ref=item["transaction_id"],
            ours=ours,
        )
    if state == "RETURNED" and was in _LEFT:
        transaction(world, code="T1114", amount=amount, sign=1, fee=-fee, subject=item["id"], ours=ours)
    item |= {"transaction_status": state, "time_processed": iso(world.now())}
    if state == "UNCLAIMED":
        world.store.schedule(PROVIDER, _UNCLAIMED, item["id"], at=world.now() + _UNCLAIMED_S)
    if state in _ERRORS:
        name, message = _ERRORS[state]
        item["errors"] = {"name": name, "message": message}
    keep(world, "item", item)
    emit(world, f"PAYMENT.PAYOUTS-ITEM.{_EVENTS[state]}", "payouts_item", _shown(world, item), version="1.0")
    return item


def tick(world: World) -> None:
    """Work on what waits, and return what nobody claimed for 30 days."""
    for ref in world.store.take_due(PROVIDER, _WORK, now=world.now()):
        process(world, find(world, "batch", ref))
    for ref in world.store.take_due(PROVIDER, _UNCLAIMED, now=world.now()):
        item = find(world, "item", ref)
        if item["transaction_status"] == "UNCLAIMED":
            end_item(world, item, "RETURNED")


def _add(world: World, batch: Document, item: dict[str, Any], minor: int) -> None:
    kind = item.get("recipient_type") or batch["sender_batch_header"].get("recipient_type", "EMAIL")
    if kind != "EMAIL":
        raise unprocessable("UNSUPPORTED_RECIPIENT_TYPE", "The sandbox pays to e-mail addresses.", field="/items")
    body: Document = {
        "id": new_ref(13),
        "payout_batch_id": batch["id"],
        "transaction_status": "PENDING",
        "payout_item": {"recipient_type": kind} | item,
        "sender_batch_id": batch["sender_batch_header"]["sender_batch_id"],
        "sandbox_minor": minor,
    }
    keep(world, "item", body, parent=batch["id"])


def _header(world: World, batch: Document, *, short: bool = False) -> dict[str, Any]:
    header = {
        "payout_batch_id": batch["id"],
        "batch_status": batch["status"],
        "sender_batch_header": batch["sender_batch_header"],
    }
    if short:
        return header
    items = of_parent(world, "item", batch["id"])
    left = [item for item in items if "payout_item_fee" in item]
    currency = batch["currency"]
    total = sum(item["sandbox_minor"] for item in items)
    fees = amounts.payout_fee(currency) * len(left)
    header |= {
        "time_created": batch["time_created"],
        "funding_source": "BALANCE",
        "amount": {"currency": currency, "value": amounts.money(total, currency)["value"]},
        "fees": {"currency": currency, "value": amounts.money(fees, currency)["value"]},
    }
    return header | ({"time_completed": batch["time_completed"]} if "time_completed" in batch else {})


def _shown(world: World, item: Document) -> Document:
    seen = shown(item)
    ref = seen.pop("id")
    return seen | {"payout_item_id": ref, "links": [link(world, f"/v1/payments/payouts-item/{ref}", "item")]}


def _links(world: World, ref: str) -> list[dict[str, str]]:
    return [link(world, f"/v1/payments/payouts/{ref}", "self")]
