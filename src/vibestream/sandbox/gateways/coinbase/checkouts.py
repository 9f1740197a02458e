"""Checkouts: opened, paid by a wallet, deactivated, expired, refunded.

Source: docs.cdp.coinbase.com/api-reference/business-api/rest-api/checkouts. The fee is 1 %.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from vibestream.kernel.money import divide_half_even
from vibestream.sandbox.gateways.coinbase.errors import CoinbaseError, invalid
from vibestream.sandbox.gateways.coinbase.objects import (
    CENT,
    PROVIDER,
    emit,
    find,
    iso,
    keep,
    line,
    minor_of,
    new_ref,
    text_of,
    unix,
)
from vibestream.sandbox.gateways.faults import Fault
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.world import World

_AMOUNT: Final = re.compile(r"(0|[1-9]\d{0,8})(\.\d{1,2})?")
_FIELDS: Final = frozenset(
    (
        *("amount", "currency", "network", "description", "expiresAt", "metadata", "successRedirectUrl"),
        "failRedirectUrl",
    )
)
_REFUND_FIELDS: Final = frozenset({"amount", "currency", "reason"})
_LIFE_S: Final = 86_400
_FEE_BP: Final = 100
_EXPIRY: Final = "checkout_expiry"
_REFUNDING: Final = "refund_completion"
_TOKEN: Final = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"  # noqa: S105 - the published contract of USDC on Base
_LONGEST: Final = 500


def create(world: World, body: dict[str, Any]) -> Document:
    """Open a checkout; its page is at `url` until it is paid, deactivated, or its time is over.

    Raises:
        CoinbaseError: the body is not as the definition has it.
    """
    amount = _checked(body, _FIELDS, required=("amount", "currency"))
    now = world.now()
    expires = now + _LIFE_S
    if "expiresAt" in body:
        expires = _instant(body["expiresAt"])
    if expires <= now:
        raise invalid("expiresAt must be in the future.")
    ref = new_ref()
    checkout: Document = {
        "id": ref,
        "url": f"{world.address}/coinbase/payment-links/{ref}",
        "amount": text_of(amount),
        "currency": "USDC",
        "network": "base",
        "address": new_ref(40, "0x"),
        "tokenAddress": _TOKEN,
        "status": "ACTIVE",
        "createdAt": iso(now),
        "updatedAt": iso(now),
        "expiresAt": iso(expires),
        "sandbox_expires": expires,
        "sandbox_minor": amount,
        "sandbox_wallet": None,
    }
    checkout |= {
        name: body[name]
        for name in ("description", "metadata", "successRedirectUrl", "failRedirectUrl")
        if name in body
    }
    world.store.schedule(PROVIDER, _EXPIRY, ref, at=expires)
    return keep(world, checkout)


def current(world: World, ref: str) -> Document:
    """Return a checkout as it stands now: expired when its time is over.

    Raises:
        CoinbaseError: there is none.
    """
    checkout = find(world, ref)
    if checkout["status"] == "ACTIVE" and checkout["sandbox_expires"] <= world.now():
        return _expire(world, checkout)
    return checkout


def deactivate(world: World, ref: str) -> Document:
    """Close a checkout that nobody has paid.

    Raises:
        CoinbaseError: it is not active.
    """
    checkout = current(world, ref)
    if checkout["status"] != "ACTIVE":
        raise invalid(f"Checkout is {checkout['status']} and cannot be deactivated.")
    checkout["status"] = "DEACTIVATED"
    return keep(world, checkout)


def pay(world: World, checkout: Document, *, wallet: str, wait: bool = False) -> Document:
    """Do what the payer's wallet does; with `wait` it is not confirmed on the chain before `confirm`.

    Raises:
        CoinbaseError: it is not active.
    """
    if checkout["status"] != "ACTIVE":
        raise invalid(f"Checkout is {checkout['status']}.")
    checkout |= {"status": "PROCESSING", "sandbox_wallet": wallet, "transactionHash": new_ref(64, "0x")}
    keep(world, checkout)
    return checkout if wait else confirm(world, checkout)


def confirm(world: World, checkout: Document) -> Document:
    """Settle a payment that is confirmed on the chain: less the fee, into the merchant's balance."""
    total = checkout["sandbox_minor"]
    if world.faults.take(PROVIDER, frozenset({Fault.WRONG_AMOUNT}), act="capture", exactly=True):
        total -= CENT
    fee = divide_half_even(total * _FEE_BP, 10_000 * CENT) * CENT
    settlement = {
        "totalAmount": text_of(total),
        "feeAmount": text_of(fee),
        "netAmount": text_of(total - fee),
        "currency": "USDC",
    }
    late = world.faults.take(PROVIDER, frozenset({Fault.LATE_FEE}), act="capture") is not None
    checkout |= {"status": "COMPLETED", "sandbox_settlement": settlement, "sandbox_total": total}
    if not late:
        checkout["settlement"] = settlement
    ref = checkout["id"]
    line(world, kind="charge", ref=ref, subject=ref, amount=total, fee=fee, ours=_ours(checkout))
    emit(world, "checkout.payment.success", keep(world, checkout))
    return checkout


def fail(world: World, checkout: Document) -> Document:
    """Let a payment fail on the chain.

    Raises:
        CoinbaseError: it is neither active nor processing.
    """
    if checkout["status"] not in ("ACTIVE", "PROCESSING"):
        raise invalid(f"Checkout is {checkout['status']}.")
    checkout["status"] = "FAILED"
    emit(world, "checkout.payment.failed", keep(world, checkout))
    return checkout


def refund(world: World, ref: str, body: dict[str, Any]) -> tuple[Document, Document]:
    """Begin to give back some or all of a payment; it ends a second later. Return the checkout and the refund.

    Raises:
        CoinbaseError: it is not paid, or less is left.
    """
    amount = _checked(body, _REFUND_FIELDS, required=("amount", "currency"))
    checkout = current(world, ref)
    if checkout["status"] not in ("COMPLETED", "PARTIALLY_REFUNDED"):
        raise invalid(f"Checkout is {checkout['status']} and cannot be refunded.")
    taken = sum(minor_of(one["amount"]) for one in checkout.get("refunds", ()) if one["status"] != "FAILED")
    if amount > checkout["sandbox_total"] - taken:
        raise invalid("Refund amount exceeds the remaining refundable amount.")
    if world.faults.take(PROVIDER, frozenset({Fault.INSUFFICIENT_BALANCE}), act="refund", exactly=True):
        raise CoinbaseError("insufficient_balance", "Insufficient balance to refund.")
    made: Document = {
        "id": new_ref(),
        "checkoutId": ref,
        "amount": text_of(amount),
        "currency": "USDC",
        "status": "PENDING",
        "createdAt": iso(world.now()),
    }
    made |= {"reason": body["reason"]} if "reason" in body else {}
    checkout.setdefault("refunds", []).append(made)
    world.store.schedule(PROVIDER, _REFUNDING, f"{ref} {made['id']}", at=world.now() + 1)
    keep(world, checkout)
    return checkout, made


def finish_refund(world: World, checkout: Document, made: Document, *, succeeded: bool) -> Document:
    """Let a refund that is under way end."""
    if made["status"] != "PENDING":
        return made
    made |= {"status": "COMPLETED" if succeeded else "FAILED", "completedAt": iso(world.now())}
    if not succeeded:
        emit(world, "checkout.refund.failed", keep(world, checkout))
        return made
    made["transactionHash"] = new_ref(64, "0x")
    back = sum(minor_of(one["amount"]) for one in checkout["refunds"] if one["status"] == "COMPLETED")
    checkout |= {
        "refundedAmount": text_of(back),
        "status": "REFUNDED" if back == checkout["sandbox_total"] else "PARTIALLY_REFUNDED",
    }
    amount = -minor_of(made["amount"])
    line(world, kind="refund", ref=made["id"], subject=checkout["id"], amount=amount, fee=0, ours=_ours(checkout))
    emit(world, "checkout.refund.success", keep(world, checkout))
    return made


def tick(world: World, *, at: int | None = None) -> None:
    """Expire what is due, and end the refunds that are under way long enough (all that began before `at`)."""
    for ref in world.store.take_due(PROVIDER, _EXPIRY, now=world.now()):
        if _is_there(world, ref):
            current(world, ref)
    for pair in world.store.take_due(PROVIDER, _REFUNDING, now=world.now() if at is None else at):
        checkout_ref, _, refund_ref = pair.partition(" ")
        if not _is_there(world, checkout_ref):
            continue
        checkout = find(world, checkout_ref)
        made = next(one for one in checkout["refunds"] if one["id"] == refund_ref)
        finish_refund(world, checkout, made, succeeded="refundfails" not in (checkout["sandbox_wallet"] or ""))


def _is_there(world: World, ref: str) -> bool:
    """Say whether a checkout is there; planting a discrepancy may have removed it."""
    return world.store.get(PROVIDER, "checkout", ref) is not None


def _expire(world: World, checkout: Document) -> Document:
    checkout["status"] = "EXPIRED"
    emit(world, "checkout.payment.expired", keep(world, checkout))
    return checkout


def _ours(checkout: Document) -> Any:
    return checkout.get("metadata", {}).get("payment_id")


def _checked(body: dict[str, Any], fields: frozenset[str], *, required: tuple[str, ...]) -> int:
    """Return the amount of a body that is as the definition has it."""
    for name in required:
        if name not in body:
            raise invalid(f"{name} is required.")
    for name, value in body.items():
        if name not in fields:
            raise invalid(f"Unknown field: {name}.")
        _field(name, value)
    amount = minor_of(body["amount"])
    if amount == 0:
        raise invalid("amount must be greater than 0.")
    return amount


def _field(name: str, value: Any) -> None:
    if name == "metadata":
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise invalid("metadata is an object of texts.")
    elif not isinstance(value, str):
        raise invalid(f"{name} must be a string.")
    elif name == "amount" and _AMOUNT.fullmatch(value) is None:
        raise invalid("amount must be a decimal with at most 2 decimal places.")
    elif name == "currency" and value != "USDC":
        raise invalid("currency must be USDC.")
    elif name == "network" and value != "base":
        raise invalid("network must be base.")
    elif name in ("description", "reason") and len(value) > _LONGEST:
        raise invalid(f"{name} is at most {_LONGEST} characters.")
    elif name.endswith("RedirectUrl") and urlsplit(value).scheme not in ("http", "https"):
        raise invalid(f"{name} must be a valid URL.")


def _instant(text: str) -> int:
    try:
        return unix(text)
    except ValueError:
        raise invalid("expiresAt must be an RFC 3339 instant.") from None
