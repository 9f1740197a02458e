"""Stripe's own books: balance transactions and the fees that Stripe keeps.

Source: docs.stripe.com/api/balance_transactions; fees as published for the United States: 2.9 % and 30 cents, a dispute 15.00.
"""

from __future__ import annotations

from typing import Any, Final

from vibestream.kernel.money import divide_half_even
from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe.call import Call
from vibestream.sandbox.gateways.stripe.objects import PROVIDER, find, keep, page
from vibestream.sandbox.gateways.world import World

_RATE_BP: Final = 290
_FIXED: Final = 30
_DISPUTE_FEE: Final = 1_500
_CATEGORIES: Final = {
    "adjustment": "dispute",
    "charge": "charge",
    "refund": "refund",
    "refund_failure": "refund_failure",
    "transfer": "transfer",
    "transfer_refund": "transfer_reversal",
    "topup": "topup",
    "payout": "payout",
}


def fee_of(amount: int) -> int:
    """Return what Stripe keeps of a charge, in its minor units."""
    return divide_half_even(amount * _RATE_BP, 10_000) + _FIXED


def dispute_fee() -> int:
    """Return what Stripe keeps for a dispute, whatever becomes of it."""
    return _DISPUTE_FEE


def write(
    world: World, *, kind: str, amount: int, fee: int, currency: str, source: str, description: str | None = None
) -> Document:
    """Add a line to the books; `amount` is before the fee and positive towards the merchant."""
    now = world.now()
    line: dict[str, Any] = {
        "id": random_ref("txn_"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [_fee_detail(fee, currency)] if fee else [],
        "net": amount - fee,
        "reporting_category": _CATEGORIES.get(kind, kind),
        "source": source,
        "status": "available",
        "type": kind,
    }
    return keep(world, line, parent=source)


def retrieve(call: Call) -> Document:
    """Return one line."""
    return find(call.world, "balance_transaction", call.ids["id"])


def list_lines(call: Call) -> Document:
    """List lines: of a type, a currency, a source."""
    params = call.params

    def wanted(line: Document) -> bool:
        return all(line[name] == params[name] for name in ("type", "currency") if name in params)

    return page(
        call.world,
        "balance_transaction",
        params,
        url="/v1/balance_transactions",
        parent=params.get("source"),
        only=wanted,
    )


def balance(call: Call) -> Document:
    """Return what the merchant has with Stripe, per currency."""
    sums: dict[str, int] = {}
    for line in call.world.store.newest_first(PROVIDER, "balance_transaction"):
        sums[line["currency"]] = sums.get(line["currency"], 0) + line["net"]
    available = [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(sums.items())
    ]
    return {"object": "balance", "available": available, "livemode": False, "pending": []}


def _fee_detail(fee: int, currency: str) -> dict[str, Any]:
    return {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
