"""An order: what the key of a wallet without a name signs to spend from it. Pure.

What is signed, version 1, is text in ASCII, each line ended by one line feed:

    vibestream-wallet-order-v1
    <deployment: the id of the key that its epochs are signed with>
    <address of the wallet>
    <artist or account>:<identifier>
    <amount, in the smallest unit of VIBE>
    <nonce, 32 hexadecimal digits>
    <instant until which it counts, UTC, such as 2026-11-24T12:00:00Z>

How it is signed is of the wallet: see `signing`.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.claim_wallets.domain.signing import is_signed_by
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.money import VIBE, Money

LONGEST: Final = timedelta(days=7)
"""How far ahead an order may expire: nonces of older ones need not be known for ever to be safe, and still are."""

_SIGNED: Final = "vibestream-wallet-order-v1"


class OrderInvalid(InvalidInput):
    """It is not an order that the wallet's own key signed for this deployment."""

    code: ClassVar[str] = "claim_wallets.order_invalid"


class OrderExpired(Conflict):
    """Its time is over, or further ahead than orders may be."""

    code: ClassVar[str] = "claim_wallets.order_expired"


class TargetKind(enum.StrEnum):
    """Where an order may move something to."""

    ARTIST = "artist"
    ACCOUNT = "account"
    """Into the wallet of an account: it says whose this wallet was."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an order moves something to."""

    kind: TargetKind
    identifier: UUID

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.identifier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is signed."""

    deployment: str
    wallet: str
    target: Target
    amount: Money
    nonce: bytes
    expires_at: datetime

    @property
    def text(self) -> bytes:
        """The text that is signed."""
        until = self.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = (_SIGNED, self.deployment, self.wallet, self.target, self.amount.minor, self.nonce.hex(), until)
        return "".join(f"{line}\n" for line in lines).encode()

    @property
    def digest(self) -> bytes:
        """What tells this order from any other."""
        return hashlib.sha256(self.text).digest()


def require_order(order: Order, *, signature: bytes, now: datetime) -> None:
    """Accept an order that its wallet's key signed and whose time is not over.

    Raises:
        OrderInvalid: the key did not sign this, or there is nothing to move.
        OrderExpired: its time is over or too far ahead.
    """
    if order.amount.currency != VIBE or order.amount.minor <= 0:
        raise OrderInvalid("An order moves an amount of VIBE above zero.")
    if not is_signed_by(order.wallet, text=order.text, signature=signature):
        raise OrderInvalid("The wallet's key did not sign this order.")
    if not now < order.expires_at <= now + LONGEST:
        raise OrderExpired(f"An order counts for at most {LONGEST.days} days, and this one's time is over or too long.")
