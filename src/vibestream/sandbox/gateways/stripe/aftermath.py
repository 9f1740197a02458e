"""What happens after a charge: the cards that are disputed, warned of, or reviewed; and disputes as they go on.

Source: docs.stripe.com/disputes; docs.stripe.com/testing#disputes.
"""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe import balance, cards
from vibestream.sandbox.gateways.stripe.call import Call
from vibestream.sandbox.gateways.stripe.cards import Aftermath
from vibestream.sandbox.gateways.stripe.errors import StripeError
from vibestream.sandbox.gateways.stripe.objects import charge_asked_for, find, keep, page

_ANSWER_WITHIN_S: Final = 9 * 86_400
_OPEN: Final = frozenset({"needs_response", "under_review"})


def follow(call: Call, intent: Document, charge: Document) -> None:
    """Do what the charge's card is known for."""
    method = find(call.world, "payment_method", intent["payment_method"])
    card = cards.by_number(method["sandbox_card"])
    kind = Aftermath.NONE if card is None else card.aftermath
    if kind is Aftermath.DISPUTE:
        open_dispute(call, charge, reason="fraudulent")
    elif kind is Aftermath.EARLY_WARNING:
        warning = {
            "id": random_ref("issfr_"),
            "object": "radar.early_fraud_warning",
            "actionable": True,
            "charge": charge["id"],
            "created": call.world.now(),
            "fraud_type": "unauthorized_use_of_card",
            "livemode": False,
            "payment_intent": intent["id"],
        }
        call.emit("radar.early_fraud_warning.created", keep(call.world, warning, parent=charge["id"]))


def open_dispute(call: Call, charge: Document, *, reason: str, amount: int | None = None) -> Document:
    """Open a dispute of a captured charge: its amount and a fee leave the merchant's balance.

    Raises:
        StripeError: the charge was not captured, is disputed already, or has less left.
    """
    left = charge["amount_captured"] - charge["amount_refunded"]
    taken = left if amount is None else amount
    if not charge["captured"] or charge["disputed"] or not 0 < taken <= left:
        raise StripeError("This charge cannot be disputed for that amount.", code="charge_disputed", param="charge")
    ref = random_ref("dp_")
    line = balance.write(
        call.world,
        kind="adjustment",
        amount=-taken,
        fee=balance.dispute_fee(),
        currency=charge["currency"],
        source=ref,
        description=f"Chargeback withdrawal for {charge['id']}",
    )
    dispute: dict[str, Any] = {
        "id": ref,
        "object": "dispute",
        "amount": taken,
        "balance_transactions": [line],
        "charge": charge["id"],
        "created": call.world.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": call.world.now() + _ANSWER_WITHIN_S,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"},
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }
    charge["disputed"] = True
    keep(call.world, charge)
    keep(call.world, dispute, parent=charge["id"])
    call.emit("charge.dispute.created", dispute)
    call.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def decide_dispute(call: Call, dispute: Document, *, won: bool) -> Document:
    """Close a dispute: won, its amount (not the fee) comes back.

    Raises:
        StripeError: it was decided before.
    """
    if dispute["status"] not in _OPEN:
        raise StripeError("This dispute is already closed.", code="resource_already_exists")
    dispute["status"] = "won" if won else "lost"
    if won:
        line = balance.write(
            call.world,
            kind="adjustment",
            amount=dispute["amount"],
            fee=0,
            currency=dispute["currency"],
            source=dispute["id"],
            description=f"Chargeback reversal for {dispute['charge']}",
        )
        dispute["balance_transactions"].append(line)
    keep(call.world, dispute)
    call.emit("charge.dispute.closed", dispute)
    if won:
        call.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def retrieve(call: Call) -> Document:
    """Return a dispute."""
    return find(call.world, "dispute", call.ids["id"])


def update(call: Call) -> Document:
    """Give evidence. Text `winning_evidence` or `losing_evidence` decides it, as in Stripe's own test mode."""
    dispute = find(call.world, "dispute", call.ids["id"])
    if dispute["status"] not in _OPEN:
        raise StripeError("This dispute is already closed.", code="resource_already_exists")
    evidence = call.params.get("evidence") or {}
    dispute["evidence"] = dispute["evidence"] | evidence
    dispute["evidence_details"] |= {"has_evidence": bool(dispute["evidence"])}
    dispute["metadata"] = dispute["metadata"] | (call.params.get("metadata") or {})
    if evidence and call.params.get("submit", True):
        dispute["evidence_details"]["submission_count"] += 1
        dispute["status"] = "under_review"
        call.emit("charge.dispute.updated", keep(call.world, dispute))
        word = evidence.get("uncategorized_text")
        if word in ("winning_evidence", "losing_evidence"):
            return decide_dispute(call, dispute, won=word == "winning_evidence")
    return keep(call.world, dispute)


def close(call: Call) -> Document:
    """Accept a dispute: it is lost."""
    return decide_dispute(call, find(call.world, "dispute", call.ids["id"]), won=False)


def list_disputes(call: Call) -> Document:
    """List disputes: of a charge, a payment intent."""
    charge = charge_asked_for(call.world, call.params)
    return page(call.world, "dispute", call.params, url="/v1/disputes", parent=charge)


def retrieve_warning(call: Call) -> Document:
    """Return an early fraud warning."""
    return find(call.world, "radar.early_fraud_warning", call.ids["id"])


def list_warnings(call: Call) -> Document:
    """List early fraud warnings: of a charge, a payment intent."""
    charge = charge_asked_for(call.world, call.params)
    url = "/v1/radar/early_fraud_warnings"
    return page(call.world, "radar.early_fraud_warning", call.params, url=url, parent=charge)
