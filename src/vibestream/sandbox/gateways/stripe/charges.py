"""Charges: one attempt on a card each, with what the network and Radar said of it."""

from __future__ import annotations

from typing import Any

from vibestream.sandbox.gateways.faults import Fault
from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe import balance
from vibestream.sandbox.gateways.stripe.call import Call
from vibestream.sandbox.gateways.stripe.cards import Card
from vibestream.sandbox.gateways.stripe.customers import card_details
from vibestream.sandbox.gateways.stripe.objects import PROVIDER, find, keep, page
from vibestream.sandbox.gateways.world import World


def new_charge(
    world: World, intent: Document, method: Document, card: Card, *, approved: bool, authenticated: bool
) -> Document:
    """Store the charge of one attempt, not yet captured, and return it."""
    declined = None if approved else (card.decline or "generic_decline")
    charge: dict[str, Any] = {
        "id": random_ref("ch_"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "VIBESTREAM SANDBOX",
        "captured": False,
        "created": world.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None if approved else card.code,
        "failure_message": None if approved else "Your card was declined.",
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": outcome(card, approved=approved, declined=declined),
        "paid": approved,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "card": card_details(card)
            | {
                "amount_authorized": intent["amount"] if approved else None,
                "authorization_code": random_ref(length=6, alphabet="0123456789") if approved else None,
                "network": card.brand,
                "three_d_secure": {"result": "authenticated", "version": "2.2.0"} if authenticated else None,
            },
            "type": "card",
        },
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded" if approved else "failed",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }
    return keep(world, charge, parent=intent["id"])


def outcome(card: Card, *, approved: bool, declined: str | None) -> dict[str, Any]:
    """Return what the network and Radar said. Source: docs.stripe.com/api/charges/object#charge_object-outcome."""
    if approved:
        kind, status, reason, said = "authorized", "approved_by_network", None, "Payment complete."
    elif card.blocked:
        kind, status, reason, said = (
            "blocked",
            "not_sent_to_network",
            "highest_risk_level",
            "Stripe blocked this payment.",
        )
    else:
        kind, status, reason, said = (
            "issuer_declined",
            "declined_by_network",
            declined,
            "The bank declined the payment.",
        )
    if approved and card.risk_level == "elevated":
        reason, said = "elevated_risk_level", "Stripe evaluated this payment as having elevated risk."
    return {
        "advice_code": None if approved else "try_again_later",
        "network_advice_code": None,
        "network_decline_code": None if approved or card.blocked else "05",
        "network_status": status,
        "reason": reason,
        "risk_level": card.risk_level,
        "risk_score": card.risk_score,
        "rule": "block_if_high_risk__enabled" if card.blocked else None,
        "seller_message": said,
        "type": kind,
    }


def capture(call: Call, charge: Document, amount: int) -> Document:
    """Record that a charge was captured: a line in the books, with Stripe's fee; what is not captured is let go."""
    if call.world.faults.take(PROVIDER, frozenset({Fault.WRONG_AMOUNT}), act="capture", exactly=True):
        amount -= 1
    line = balance.write(
        call.world,
        kind="charge",
        amount=amount,
        fee=balance.fee_of(amount),
        currency=charge["currency"],
        source=charge["id"],
        description=charge["description"],
    )
    late = call.world.faults.take(PROVIDER, frozenset({Fault.LATE_FEE}), act="capture") is not None
    charge |= {
        "captured": True,
        "amount_captured": amount,
        "balance_transaction": None if late else line["id"],
    }
    return keep(call.world, charge)


def settle(world: World) -> list[Document]:
    """Attach the books' lines to the charges that do not have theirs yet, and return those charges."""
    settled = []
    for charge in world.store.newest_first(PROVIDER, "charge"):
        if charge["captured"] and charge["balance_transaction"] is None:
            lines = world.store.newest_first(PROVIDER, "balance_transaction", parent=charge["id"])
            charge["balance_transaction"] = next(line["id"] for line in lines if line["type"] == "charge")
            settled.append(keep(world, charge))
    return settled


def retrieve(call: Call) -> Document:
    """Return a charge."""
    return find(call.world, "charge", call.ids["id"])


def list_charges(call: Call) -> Document:
    """List charges: of a payment intent, a customer."""
    params = call.params

    def wanted(charge: Document) -> bool:
        return all(charge[name] == params[name] for name in ("customer", "transfer_group") if name in params)

    return page(call.world, "charge", params, url="/v1/charges", parent=params.get("payment_intent"), only=wanted)
