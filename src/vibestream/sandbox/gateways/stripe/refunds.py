"""Refunds: of some or all of a captured charge. One may fail after it had succeeded.

Source: docs.stripe.com/refunds; docs.stripe.com/testing#refunds.
"""

from __future__ import annotations

from typing import Any

from vibestream.sandbox.gateways.faults import Fault
from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe import balance, cards
from vibestream.sandbox.gateways.stripe.call import Call
from vibestream.sandbox.gateways.stripe.cards import Aftermath
from vibestream.sandbox.gateways.stripe.errors import StripeError, missing
from vibestream.sandbox.gateways.stripe.objects import PROVIDER, charge_asked_for, find, keep, page


def create(call: Call) -> Document:
    """Refund a charge, by itself or by its payment intent: `amount`, or whatever is left."""
    charge = _charge(call)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = call.params.get("amount", left)
    if not charge["captured"]:
        raise StripeError("This charge was not captured.", code="charge_not_captured", param="charge")
    if charge["disputed"]:
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if left == 0:
        raise StripeError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise StripeError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).",
            code="parameter_invalid_integer" if amount < 1 else "amount_too_large",
            param="amount",
        )
    if call.world.faults.take(PROVIDER, frozenset({Fault.INSUFFICIENT_BALANCE}), act="refund", exactly=True):
        raise StripeError(
            "Insufficient funds in your Stripe balance to refund this amount.", code="balance_insufficient"
        )
    return make(
        call, charge, amount=amount, reason=call.params.get("reason"), metadata=call.params.get("metadata") or {}
    )


def make(call: Call, charge: Document, *, amount: int, reason: str | None, metadata: dict[str, str]) -> Document:
    """Store a refund, its line in the books, and what it changes of its charge."""
    aftermath = _aftermath(call, charge)
    refund: dict[str, Any] = {
        "id": random_ref("re_"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.world.now(),
        "currency": charge["currency"],
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if aftermath in (Aftermath.REFUND_WAITS, Aftermath.REFUND_FAILS) else "succeeded",
        "transfer_reversal": None,
    }
    line = balance.write(
        call.world, kind="refund", amount=-amount, fee=0, currency=charge["currency"], source=refund["id"]
    )
    refund["balance_transaction"] = line["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    keep(call.world, charge)
    keep(call.world, refund, parent=charge["id"])
    call.emit("refund.created", refund)
    call.emit("charge.refunded", charge)
    return refund


def finish(call: Call, refund: Document, *, succeeded: bool) -> Document:
    """Let a refund end: as it was meant to, or failed, which puts its money back into the merchant's balance.

    Raises:
        StripeError: it has failed before.
    """
    if refund["status"] not in ("pending", "succeeded"):
        raise StripeError(f"This refund is {refund['status']}.")
    if succeeded:
        refund["status"] = "succeeded"
        call.emit("refund.updated", keep(call.world, refund))
        return refund
    line = balance.write(
        call.world,
        kind="refund_failure",
        amount=refund["amount"],
        fee=0,
        currency=refund["currency"],
        source=refund["id"],
    )
    refund |= {
        "status": "failed",
        "failure_reason": "lost_or_stolen_card",
        "failure_balance_transaction": line["id"],
    }
    charge = find(call.world, "charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    keep(call.world, charge)
    keep(call.world, refund)
    call.emit("refund.failed", refund)
    call.emit("charge.refund.updated", refund)
    return refund


def finish_waiting(call: Call) -> list[Document]:
    """Let every refund that waits end as its card is known for, and return those refunds."""
    ended = []
    for refund in call.world.store.newest_first(PROVIDER, "refund"):
        if refund["status"] == "pending":
            charge = find(call.world, "charge", refund["charge"])
            ended.append(finish(call, refund, succeeded=_aftermath(call, charge) is not Aftermath.REFUND_FAILS))
    return ended


def retrieve(call: Call) -> Document:
    """Return a refund."""
    return find(call.world, "refund", call.ids["id"])


def list_refunds(call: Call) -> Document:
    """List refunds: of a charge, a payment intent."""
    return page(call.world, "refund", call.params, url="/v1/refunds", parent=charge_asked_for(call.world, call.params))


def _charge(call: Call) -> Document:
    if "charge" in call.params:
        return find(call.world, "charge", call.params["charge"], param="charge")
    if "payment_intent" not in call.params:
        raise missing("charge")
    intent = find(call.world, "payment_intent", call.params["payment_intent"], param="payment_intent")
    if intent["latest_charge"] is None or intent["status"] not in ("succeeded", "requires_capture"):
        raise StripeError(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
    return find(call.world, "charge", intent["latest_charge"])


def _aftermath(call: Call, charge: Document) -> Aftermath:
    method = find(call.world, "payment_method", charge["payment_method"])
    card = cards.by_number(method["sandbox_card"])
    return Aftermath.NONE if card is None else card.aftermath
