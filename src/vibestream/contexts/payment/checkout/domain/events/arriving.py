"""The money comes: what is captured, what the gateway keeps of it, and what does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vibestream.contexts.payment.checkout.domain.events.happened import Happened
from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureAsked(Happened):
    """The gateway is about to be asked for what is set aside, under this key."""

    type: ClassVar[str] = "capture_asked"

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured(Happened):
    """The whole amount arrived."""

    type: ClassVar[str] = "captured"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeKnown(Happened):
    """The gateway says what it keeps in all."""

    type: ClassVar[str] = "fee_known"

    fee: Money
    added: Money
    """How much more than it had said before; negative: less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodKept(Happened):
    """The payer's method can be charged again."""

    type: ClassVar[str] = "method_kept"

    method_ref: str
    fingerprint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained(Happened):
    """The gateway holds money for this payment that does not fit it: another amount, or a second time.

    It stands in suspense until a person has settled it at the gateway.
    """

    type: ClassVar[str] = "unexplained"

    gateway: GatewayName
    payment_ref: str
    amount: Money
    """All there is of it now."""
    added: Money
