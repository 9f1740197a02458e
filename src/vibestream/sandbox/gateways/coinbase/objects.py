"""Checkouts: kept, and told of by events."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any, Final

from vibestream.kernel.money import Currency, Money
from vibestream.sandbox.gateways import webhooks
from vibestream.sandbox.gateways.coinbase.errors import CoinbaseError
from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.world import World

PROVIDER: Final = "coinbase"
USDC: Final = Currency.of("USDC")
CENT: Final = 10_000
"""Minor units of USDC in the smallest amount that Coinbase takes: two decimals."""
_HEX: Final = "0123456789abcdef"
_WRONG: Final = "9"


def new_ref(length: int = 24, prefix: str = "") -> str:
    """Return a new id, or a hash, in hexadecimal."""
    return random_ref(prefix, length=length, alphabet=_HEX)


def keep(world: World, checkout: Document) -> Document:
    """Store a checkout as it is now, and return it."""
    checkout["updatedAt"] = iso(world.now())
    world.store.put(PROVIDER, "checkout", checkout["id"], checkout, created=world.now())
    return checkout


def find(world: World, ref: str) -> Document:
    """Return a checkout.

    Raises:
        CoinbaseError: there is none.
    """
    found = world.store.get(PROVIDER, "checkout", ref)
    if found is None:
        raise CoinbaseError("not_found", "Checkout not found.")
    return found


def shown(thing: Document) -> Document:
    """Return an object as it is sent: without what only the stand-in knows of it."""
    return {name: value for name, value in thing.items() if not name.startswith("sandbox_")}


def text_of(minor: int) -> str:
    """Return minor units of USDC as Coinbase writes them: with two decimals."""
    return f"{minor // 1_000_000}.{minor % 1_000_000 // CENT:02d}"


def minor_of(text: str) -> int:
    """Return the minor units of an amount that was checked."""
    return Money.parse(text, USDC).minor


def iso(second: int) -> str:
    """Return a Unix second as Coinbase writes instants."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def unix(text: str) -> int:
    """Return the Unix second of an instant.

    Raises:
        ValueError: it is none.
    """
    at = datetime.fromisoformat(text)
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def emit(world: World, kind: str, checkout: Document) -> None:
    """Send an event: the whole checkout as it is now, flat, with the type and without an id of the event."""
    event = shown(checkout) | {"eventType": kind}
    wrong = copy.deepcopy(event)
    wrong["amount"] = _WRONG + wrong["amount"]
    if isinstance(wrong.get("settlement"), dict):
        wrong["settlement"]["totalAmount"] = _WRONG + wrong["settlement"]["totalAmount"]
    webhooks.announce(
        world, provider=PROVIDER, endpoint="coinbase", event=new_ref(32), kind=kind, body=event, misstated=wrong
    )


def line(world: World, *, kind: str, ref: str, subject: str, amount: int, fee: int, ours: Any) -> Document:
    """Add a line to the books."""
    made: Document = {
        "id": ref,
        "kind": kind,
        "subject": subject,
        "amount": amount,
        "fee": fee,
        "ours": ours,
        "at": world.now(),
    }
    world.store.put(PROVIDER, "line", ref, made, created=world.now(), parent=subject)
    return made
