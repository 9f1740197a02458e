"""What can be asked of a payment, and what it can be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.payment.checkout.domain.states import Act, Screening
from vibestream.contexts.payment.gateways.domain.port import GatewayName, MoveState, ProviderPayment
from vibestream.contexts.payment.ledger.domain.accounts import AccountName
from vibestream.kernel.ids import RefundId, RiskDecisionId, UserId
from vibestream.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Say what fraud thinks of it."""

    decision_id: RiskDecisionId | None
    verdict: Screening
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescreen:
    """Say what fraud thinks of it now that it is known by what it is paid."""

    decision_id: RiskDecisionId | None
    verdict: Screening
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Say what its reviewer decided."""

    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Choose the next gateway and store the key that it will be asked with."""

    route: tuple[GatewayName, ...]
    """Those that may be asked, the best first."""
    captures_later: frozenset[GatewayName]
    """Those of them that can authorise now and capture later."""
    site: str
    """Where payers reach this deployment, without a slash at the end."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FailAttempt:
    """Say that the gateway certainly did nothing."""

    number: int
    reason: str
    unavailable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseOutcome:
    """Say that a gateway was asked and its answer was lost."""

    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Observe:
    """Say how it stands at a gateway now."""

    gateway: GatewayName
    seen: ProviderPayment


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCapture:
    """Want what is set aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseCapture:
    """Say that the gateway will not capture it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCancel:
    """Want it given up."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseCancel:
    """Say that the gateway knows no cancelling of it: it is given up here, and what comes all the same is taken in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRefund:
    """Want some of it given back."""

    refund_id: RefundId
    amount: Money
    reason: str
    requested_by: UserId | None
    source: AccountName
    fraud: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TellRefund:
    """Say how a refund that we asked for stands at the gateway."""

    refund_id: RefundId
    refund_ref: str
    state: MoveState


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseRefund:
    """Say that a refund was asked for and the answer was lost."""

    refund_id: RefundId


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseRefund:
    """Say that the gateway will not refund it."""

    refund_id: RefundId
    reason: str


Command = (
    Screen
    | Rescreen
    | Review
    | Attempt
    | FailAttempt
    | LoseOutcome
    | Observe
    | AskCapture
    | RefuseCapture
    | AskCancel
    | RefuseCancel
    | AskRefund
    | TellRefund
    | LoseRefund
    | RefuseRefund
)
