"""What fraud and people think of a payment, and what they go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vibestream.contexts.payment.checkout.domain.events.happened import Happened
from vibestream.contexts.payment.checkout.domain.states import Screening
from vibestream.kernel.ids import RiskDecisionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened(Happened):
    """Fraud has looked at it."""

    type: ClassVar[str] = "screened"

    decision_id: RiskDecisionId | None
    verdict: Screening
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescreened(Happened):
    """Fraud has looked at it again, knowing by what it is paid, before the money is taken."""

    type: ClassVar[str] = "rescreened"

    decision_id: RiskDecisionId | None
    verdict: Screening
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed(Happened):
    """A person has decided what fraud was not sure of."""

    type: ClassVar[str] = "reviewed"

    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack(Happened):
    """It waits for its review before a gateway is asked, because none that may be asked can capture later."""

    type: ClassVar[str] = "held_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSeen(Happened):
    """The gateway says by which card or account it is being paid, and what it thinks of the risk."""

    type: ClassVar[str] = "method_seen"

    fingerprint: str | None
    risk: tuple[tuple[str, str], ...] = ()
    """The gateway's own words, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudWarned(Happened):
    """The card network reports it as fraud, before any dispute."""

    type: ClassVar[str] = "fraud_warned"

    warning_ref: str
