"""Money that goes back to the payer, because we want that or the gateway does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from vibestream.contexts.payment.checkout.domain.events.happened import Happened
from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.ledger.domain.accounts import AccountName
from vibestream.kernel.ids import RefundId, UserId
from vibestream.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAsked(Happened):
    """We want to give some of it back; the amount was taken from `source`, and is held in the escrow."""

    type: ClassVar[str] = "refund_asked"

    refund_id: RefundId
    key: str
    amount: Money
    reason: str
    requested_by: UserId | None
    source: AccountName
    fraud: bool = False
    """Whoever asked for it says that somebody else has paid with the payer's money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLost(Happened):
    """The gateway was asked for a refund and nobody knows what it did."""

    type: ClassVar[str] = "refund_lost"

    refund_id: RefundId


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSent(Happened):
    """The gateway has accepted the refund."""

    type: ClassVar[str] = "refund_sent"

    refund_id: RefundId
    refund_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNoticed(Happened):
    """The gateway gave some back by itself; it was made good from `source`."""

    type: ClassVar[str] = "refund_noticed"

    refund_id: RefundId
    refund_ref: str
    amount: Money
    source: AccountName
    fraud: bool = False
    """The gateway calls it a refund for fraud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSucceeded(Happened):
    """The payer has the refund."""

    type: ClassVar[str] = "refund_succeeded"

    refund_id: RefundId
    refund_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(Happened):
    """The payer has nothing of the refund: it was refused, or it came back."""

    type: ClassVar[str] = "refund_failed"

    refund_id: RefundId
    reason: str


def noticed_refund_id(*, gateway: GatewayName, refund_ref: str) -> RefundId:
    """Return the id of a refund that the gateway made by itself: the same however often it is seen.

    Source: RFC 9562, section 8, for ids that others make by rules of their own; the bits are those of its version 8.
    """
    digest = hashlib.sha256(f"refund:{gateway}:{refund_ref}".encode()).digest()[:16]
    number = int.from_bytes(digest) & ~(0xF << 76) & ~(0b11 << 62) | 8 << 76 | 0b10 << 62
    return RefundId(UUID(int=number))
