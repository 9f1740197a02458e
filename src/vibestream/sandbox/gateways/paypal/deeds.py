"""What happens at PayPal without the merchant asking: disputes, refunds from its site, reviews that end, odd books."""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.paypal import amounts, disputes, orders, payments, payouts, transactions
from vibestream.sandbox.gateways.paypal.call import forget_tokens
from vibestream.sandbox.gateways.paypal.objects import (
    PROVIDER,
    emit,
    find,
    keep,
    new_ref,
    of_parent,
    shown,
    transaction,
)
from vibestream.sandbox.gateways.stand_in import Refused, book_line, wanted
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.world import World

_KINDS: Final = {
    "T0001": "payout",
    "T0006": "charge",
    "T1107": "refund",
    "T1110": "dispute",
    "T1111": "dispute",
    "T1114": "payout_return",
}


def book(world: World) -> list[Document]:
    """Return the transactions in the form of all stand-ins; a charge's object is its order."""
    lines = []
    for line in world.store.newest_first(PROVIDER, "transaction"):
        captured = world.store.get(PROVIDER, "capture", line["subject"])
        kind = _KINDS[line["code"]]
        subject = line["subject"]
        if kind == "charge" and captured is not None:
            subject = captured["supplementary_data"]["related_ids"]["order_id"]
        elif kind == "refund":
            subject = line["id"]
        lines.append(
            book_line(
                line=line["id"],
                kind=kind,
                subject=subject,
                amount=amounts.minor_of(line["amount"]) * line["sign"],
                fee=line["fee"],
                currency=line["amount"]["currency_code"],
                at=line["at"],
                ours=line["ours"],
            )
        )
    return lines


def dispute(world: World, body: dict[str, Any]) -> Document:
    """Open a dispute of a payment, `{"order" or "capture", "reason", "amount"}`; or decide one, `{"dispute", "outcome"}`."""
    if "dispute" in body:
        outcome = wanted(body, "outcome")
        if outcome not in ("won", "lost"):
            raise Refused("outcome: won or lost")
        return shown(disputes.decide(world, find(world, "dispute", wanted(body, "dispute")), won=outcome == "won"))
    reason = body.get("reason", "UNAUTHORISED")
    if reason not in disputes.REASONS:
        raise Refused(f"reason: one of {', '.join(disputes.REASONS)}")
    return shown(disputes.open_dispute(world, _capture(world, body), reason=reason, minor=body.get("amount")))


def refund(world: World, body: dict[str, Any]) -> Document:
    """Refund from PayPal's site, `{"order" or "capture", "amount"}` (minor units)."""
    captured = _capture(world, body)
    asked = {"amount": amounts.money(body["amount"], captured["amount"]["currency_code"])} if "amount" in body else {}
    return shown(payments.refund(world, captured, asked))


def payout(world: World, body: dict[str, Any]) -> Document:
    """Let a payout's item reach a state, `{"item", "state": "RETURNED"}`."""
    state = wanted(body, "state")
    if state not in ("SUCCESS", "RETURNED", "FAILED", "BLOCKED"):
        raise Refused("state: SUCCESS, RETURNED, FAILED or BLOCKED")
    item = find(world, "item", wanted(body, "item"))
    payouts.process(world, find(world, "batch", item["payout_batch_id"]))
    return shown(payouts.end_item(world, find(world, "item", item["id"]), state))


def settle(world: World, body: dict[str, Any]) -> Document:
    """End reviews and waiting refunds, and let late fees become known. `{"lag_s": n}` sets how far behind the search is."""
    if "lag_s" in body:
        world.store.set_fact(transactions.LAG, str(int(body["lag_s"])))
    if body.get("tokens") == "forget":
        forget_tokens(world)
    ended = {"captures": 0, "refunds": 0, "fees": 0}
    for captured in list(world.store.newest_first(PROVIDER, "capture")):
        if captured["status"] == "PENDING":
            ended["captures"] += 1
            payments.book_capture(world, captured)
        elif "sandbox_fee" in captured and "seller_receivable_breakdown" not in captured:
            ended["fees"] += 1
            minor, currency = captured["sandbox_minor"], captured["amount"]["currency_code"]
            captured["seller_receivable_breakdown"] = payments.breakdown(minor, captured["sandbox_fee"], currency)
            keep(world, "capture", captured)
    for refunded in list(world.store.newest_first(PROVIDER, "refund")):
        if refunded["status"] == "PENDING":
            ended["refunds"] += 1
            payments.book_refund(world, find(world, "capture", refunded["sandbox_capture"]), refunded)
    return ended


def deny(world: World, body: dict[str, Any]) -> Document:
    """Deny a capture that waits for a review, `{"order" or "capture"}`."""
    captured = _capture(world, body)
    if captured["status"] != "PENDING":
        raise Refused("only a pending capture is denied")
    captured |= {"status": "DECLINED"}
    captured.pop("status_details", None)
    keep(world, "capture", captured)
    emit(world, "PAYMENT.CAPTURE.DENIED", "capture", captured)
    return shown(captured)


def plant(world: World, body: dict[str, Any]) -> Document:
    """Make the books disagree with VibeStream's: missing_here, missing_there, amount_differs, duplicate."""
    kind = wanted(body, "kind")
    if kind == "missing_here":
        amount = amounts.money(body.get("amount", 777), body.get("currency", "USD"))
        ref = new_ref()
        return transaction(world, code="T0006", amount=amount, sign=1, fee=0, subject=ref, ref=ref)
    line = _line(world, body)
    if kind == "missing_there":
        world.store.drop(PROVIDER, "transaction", line["id"])
    elif kind == "amount_differs":
        currency = line["amount"]["currency_code"]
        line["amount"] = amounts.money(amounts.minor_of(line["amount"]) + 1, currency)
        keep(world, "transaction", line)
    elif kind == "duplicate":
        line = keep(world, "transaction", line | {"id": new_ref()}, parent=line["subject"])
    else:
        raise Refused("kind: missing_here, missing_there, amount_differs or duplicate")
    return line


def tick(world: World) -> None:
    """Work on payouts, and let orders go whose time is over."""
    payouts.tick(world)
    orders.tick(world)


def _capture(world: World, body: dict[str, Any]) -> Document:
    if "order" not in body:
        return find(world, "capture", wanted(body, "capture"))
    made = of_parent(world, "capture", wanted(body, "order"))
    held = [
        one
        for auth in of_parent(world, "authorization", body["order"])
        for one in of_parent(world, "capture", auth["id"])
    ]
    if not made and not held:
        raise Refused("order: nothing was captured")
    return (made or held)[-1]


def _line(world: World, body: dict[str, Any]) -> Document:
    subject = _capture(world, body)["id"] if "order" in body or "capture" in body else None
    for line in world.store.newest_first(PROVIDER, "transaction", parent=subject):
        if line["code"] == "T0006":
            return line
    raise Refused("there is no line of a charge")
