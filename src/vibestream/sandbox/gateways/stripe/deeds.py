"""What happens at Stripe without the merchant asking: disputes, refunds from the dashboard, late fees, odd books."""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.stand_in import Refused, book_line, wanted
from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe import (
    aftermath,
    cards,
    charges,
    checkout,
    connect,
    customers,
    payments,
    refunds,
)
from vibestream.sandbox.gateways.stripe.call import Call
from vibestream.sandbox.gateways.stripe.objects import PROVIDER, find, keep
from vibestream.sandbox.gateways.world import World

_KINDS: Final = {
    "adjustment": "dispute",
    "refund_failure": "refund",
    "topup": "other",
    "transfer": "payout",
    "transfer_refund": "payout_return",
}


def call_of(world: World, params: dict[str, Any] | None = None, **ids: str) -> Call:
    """Return a call that no API request made."""
    return Call(world=world, params=params or {}, ids=ids)


def book(world: World) -> list[Document]:
    """Return the balance transactions in the form of all stand-ins; a charge's object is its payment intent."""
    lines = []
    for line in world.store.newest_first(PROVIDER, "balance_transaction"):
        kind = _KINDS.get(str(line["type"]), str(line["type"]))
        source = world.store.get(PROVIDER, "charge", line["source"])
        subject = line["source"] if source is None else source["payment_intent"]
        ours = None if source is None else (source["metadata"] or {}).get("payment_id")
        lines.append(
            book_line(
                line=line["id"],
                kind=kind,
                subject=subject,
                amount=line["amount"],
                fee=line["fee"],
                currency=line["currency"],
                at=line["created"],
                ours=ours,
            )
        )
    return lines


def dispute(world: World, body: dict[str, Any]) -> Document:
    """Open a dispute of a payment, `{"payment_intent", "reason", "amount"}`; or decide one, `{"dispute", "outcome": "won"}`."""
    call = call_of(world)
    if "dispute" in body:
        outcome = wanted(body, "outcome")
        if outcome not in ("won", "lost"):
            raise Refused("outcome: won or lost")
        return aftermath.decide_dispute(call, find(world, "dispute", wanted(body, "dispute")), won=outcome == "won")
    charge = _charge(world, wanted(body, "payment_intent"))
    return aftermath.open_dispute(call, charge, reason=body.get("reason", "fraudulent"), amount=body.get("amount"))


def refund(world: World, body: dict[str, Any]) -> Document:
    """Refund from the dashboard, `{"payment_intent", "amount"}`; or end one, `{"refund", "outcome": "failed"}`."""
    call = call_of(world)
    if "refund" in body:
        ended = find(world, "refund", wanted(body, "refund"))
        return refunds.finish(call, ended, succeeded=wanted(body, "outcome") == "succeeded")
    params = {"payment_intent": wanted(body, "payment_intent")} | (
        {"amount": body["amount"]} if "amount" in body else {}
    )
    return refunds.create(call_of(world, params))


def payout(world: World, body: dict[str, Any]) -> Document:
    """Take a transfer back although nobody asked, `{"transfer"}`; or set an account's capability, `{"account", "status"}`."""
    call = call_of(world)
    if "account" in body:
        return connect.set_capability(call, wanted(body, "account"), status=wanted(body, "status"))
    transfer = find(world, "transfer", wanted(body, "transfer"))
    return connect.reverse(call, transfer, transfer["amount"] - transfer["amount_reversed"], metadata={})


def settle(world: World, body: dict[str, Any]) -> Document:
    """Let late fees become known and waiting refunds end."""
    del body
    call = call_of(world)
    settled = charges.settle(world)
    for charge in settled:
        call.emit("charge.updated", charge)
    return {"charges": len(settled), "refunds": len(refunds.finish_waiting(call))}


def plant(world: World, body: dict[str, Any]) -> Document:
    """Make the books disagree with VibeStream's.

    `{"kind": "missing_here"}` adds a payment that VibeStream never heard of (and sends no webhook); `missing_there`,
    `amount_differs`, `fee_differs` and `duplicate` take the newest line of a charge, or the one of `payment_intent`.
    """
    kind = wanted(body, "kind")
    if kind == "missing_here":
        return _stranger(world, amount=body.get("amount", 777), currency=body.get("currency", "usd"))
    line = _line(world, body)
    if kind == "missing_there":
        world.store.drop(PROVIDER, "balance_transaction", line["id"])
    elif kind == "amount_differs":
        line |= {"amount": line["amount"] + 1, "net": line["net"] + 1}
        keep(world, line)
    elif kind == "fee_differs":
        line |= {"fee": line["fee"] + 1, "net": line["net"] - 1}
        keep(world, line)
    elif kind == "duplicate":
        line = keep(world, line | {"id": random_ref("txn_")}, parent=line["source"])
    else:
        raise Refused("kind: missing_here, missing_there, amount_differs, fee_differs or duplicate")
    return line


def tick(world: World) -> None:
    """Close the sessions whose time is over."""
    checkout.expire_due(call_of(world))


def _charge(world: World, intent: str) -> Document:
    found = find(world, "payment_intent", intent)
    if found["latest_charge"] is None:
        raise Refused("payment_intent: nothing was charged")
    return find(world, "charge", found["latest_charge"])


def _line(world: World, body: dict[str, Any]) -> Document:
    source = _charge(world, body["payment_intent"])["id"] if "payment_intent" in body else None
    for line in world.store.newest_first(PROVIDER, "balance_transaction", parent=source):
        if line["type"] == "charge":
            return line
    raise Refused("there is no line of a charge")


def _stranger(world: World, *, amount: int, currency: str) -> Document:
    silent = _Silent(world=world, params={}, ids={})
    intent = payments.new_intent(silent, {"amount": amount, "currency": currency, "description": "Not VibeStream's"})
    intent["payment_method"] = customers.new_method(world, cards.CARDS[0])["id"]
    payments.attempt(silent, intent)
    return next(line for line in world.store.newest_first(PROVIDER, "balance_transaction"))


class _Silent(Call):
    """A call whose events are never sent."""

    def emit(self, kind: str, thing: Document) -> None:
        """Tell nobody."""
        del kind, thing
