"""What happens at Coinbase without the merchant asking: confirmations, refunds from its site, odd books."""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.coinbase import checkouts
from vibestream.sandbox.gateways.coinbase.objects import (
    CENT,
    PROVIDER,
    find,
    keep,
    line,
    minor_of,
    new_ref,
    shown,
    text_of,
)
from vibestream.sandbox.gateways.stand_in import Refused, book_line, wanted
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.world import World

_LONG_AGO_S: Final = 10


def book(world: World) -> list[Document]:
    """Return the payments and refunds in the form of all stand-ins; amounts in millionths of USDC."""
    return [
        book_line(
            line=one["id"],
            kind=one["kind"],
            subject=one["subject"] if one["kind"] == "charge" else one["id"],
            amount=one["amount"],
            fee=one["fee"],
            currency="USDC",
            at=one["at"],
            ours=one["ours"],
        )
        for one in world.store.newest_first(PROVIDER, "line")
    ]


def dispute(world: World, body: dict[str, Any]) -> Document:
    """Refuse: payments on a chain are not disputed."""
    del world, body
    raise Refused("Coinbase has no disputes")


def refund(world: World, body: dict[str, Any]) -> Document:
    """Refund from Coinbase's site, `{"checkout", "amount": "1.00"}`; or end one, `{"checkout", "refund", "outcome": "failed"}`."""
    checkout = find(world, wanted(body, "checkout"))
    if "refund" in body:
        made = next((one for one in checkout.get("refunds", ()) if one["id"] == body["refund"]), None)
        if made is None:
            raise Refused("refund: there is none of this id")
        return checkouts.finish_refund(world, checkout, made, succeeded=wanted(body, "outcome") == "succeeded")
    amount = body.get("amount", checkout["amount"])
    checkout, made = checkouts.refund(world, checkout["id"], {"amount": amount, "currency": "USDC"})
    return checkouts.finish_refund(world, checkout, made, succeeded=True)


def settle(world: World, body: dict[str, Any]) -> Document:
    """Confirm what is processing, end refunds that are under way, and let late fees become known."""
    del body
    ended = {"confirmed": 0, "fees": 0}
    for checkout in list(world.store.newest_first(PROVIDER, "checkout")):
        if checkout["status"] == "PROCESSING":
            ended["confirmed"] += 1
            checkouts.confirm(world, checkout)
        elif "sandbox_settlement" in checkout and "settlement" not in checkout:
            ended["fees"] += 1
            checkout["settlement"] = checkout["sandbox_settlement"]
            keep(world, checkout)
    checkouts.tick(world, at=world.now() + _LONG_AGO_S)
    return ended


def plant(world: World, body: dict[str, Any]) -> Document:
    """Make the books disagree with VibeStream's: missing_here, missing_there, amount_differs, fee_differs, duplicate.

    Coinbase lists checkouts, not movements, so it is a checkout that is added, removed, changed or doubled.
    """
    kind = wanted(body, "kind")
    if kind == "missing_here":
        made = checkouts.create(world, {"amount": body.get("amount", "7.77"), "currency": "USDC"})
        return shown(_silently_paid(world, made))
    checkout = _paid(world, body)
    if kind == "missing_there":
        world.store.drop(PROVIDER, "checkout", checkout["id"])
        world.store.drop(PROVIDER, "line", checkout["id"])
    elif kind == "amount_differs":
        checkout["sandbox_total"] += CENT
        checkout["settlement"]["totalAmount"] = text_of(checkout["sandbox_total"])
        keep(world, checkout)
        _copy_line(world, checkout["id"], checkout["id"], amount=checkout["sandbox_total"])
    elif kind == "fee_differs":
        settlement = checkout["settlement"]
        settlement["feeAmount"] = text_of(minor_of(settlement["feeAmount"]) + CENT)
        settlement["netAmount"] = text_of(minor_of(settlement["netAmount"]) - CENT)
        keep(world, checkout)
        _copy_line(world, checkout["id"], checkout["id"], fee=minor_of(settlement["feeAmount"]))
    elif kind == "duplicate":
        ref = new_ref()
        _copy_line(world, checkout["id"], ref, amount=checkout["sandbox_total"])
        checkout = keep(world, checkout | {"id": ref})
    else:
        raise Refused("kind: missing_here, missing_there, amount_differs, fee_differs or duplicate")
    return shown(checkout)


def tick(world: World) -> None:
    """Do what is due."""
    checkouts.tick(world)


def _paid(world: World, body: dict[str, Any]) -> Document:
    if "checkout" in body:
        return find(world, wanted(body, "checkout"))
    for checkout in world.store.newest_first(PROVIDER, "checkout"):
        if checkout["status"] == "COMPLETED" and "settlement" in checkout:
            return checkout
    raise Refused("there is no paid checkout")


def _silently_paid(world: World, checkout: Document) -> Document:
    total = checkout["sandbox_minor"]
    settlement = {"totalAmount": text_of(total), "feeAmount": "0.00", "netAmount": text_of(total), "currency": "USDC"}
    checkout |= {
        "status": "COMPLETED",
        "settlement": settlement,
        "sandbox_total": total,
        "sandbox_wallet": "0xstranger",
    }
    line(world, kind="charge", ref=checkout["id"], subject=checkout["id"], amount=total, fee=0, ours=None)
    return keep(world, checkout)


def _copy_line(world: World, of: str, ref: str, **changes: int) -> None:
    known = world.store.get(PROVIDER, "line", of)
    if known is not None:
        world.store.put(PROVIDER, "line", ref, known | {"id": ref, "subject": ref} | changes, created=known["at"])
