"""What happens to a payment: the events of its stream, in the past tense, kept for ever as they were written.

A class's `type` is stored with each event, so it never changes its meaning; fields are only ever added, with a default.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.checkout.domain.states import Act, PaymentState, Purpose, Screening
from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.ledger.domain.accounts import AccountName
from vibestream.kernel.ids import PaymentId, RefundId, RiskDecisionId, UserId
from vibestream.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMethod:
    """A method of payment that an earlier payment left at its gateway."""

    gateway: GatewayName
    method_ref: str
    of_payment: PaymentId
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something happened to a payment."""

    type: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Happened):
    """Somebody wants to pay."""

    type: ClassVar[str] = "started"

    payment_id: PaymentId
    user_id: UserId
    purpose: Purpose
    subject: str
    amount: Money
    description: str
    return_to: str
    payer_email: str | None
    country: str | None
    wish: GatewayName | None
    """The gateway that the payer chose."""
    keep_method: bool
    stored: StoredMethod | None
    """Charged without the payer, by this; None: the payer confirms it at the gateway."""
    network: str | None = None
    """The address that the request came from."""
    device: str | None = None
    """What it came from."""
    beneficiary: UserId | None = None
    """The person who gains by it, such as the artist of a tip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened(Happened):
    """Fraud has looked at it."""

    type: ClassVar[str] = "screened"

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
class Attempted(Happened):
    """A gateway is about to be asked to take the money, under this key."""

    type: ClassVar[str] = "attempted"

    number: int
    gateway: GatewayName
    act: Act
    key: str
    separate_capture: bool
    step_up: bool
    site: str
    """Where this deployment was reached at, so that the gateway is told the same address for ever."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed(Happened):
    """The gateway certainly did nothing."""

    type: ClassVar[str] = "attempt_failed"

    number: int
    reason: str
    unavailable: bool
    """It could not be asked; else it said no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLost(Happened):
    """The gateway was asked and nobody knows what it did."""

    type: ClassVar[str] = "outcome_lost"

    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Happened):
    """It stands at the gateway."""

    type: ClassVar[str] = "opened"

    number: int
    payment_ref: str
    redirect_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Happened):
    """What was unknown was found out: it stands as it did before."""

    type: ClassVar[str] = "resolved"

    found: PaymentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised(Happened):
    """The payer has agreed and the money is set aside."""

    type: ClassVar[str] = "authorised"


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSeen(Happened):
    """The gateway says by which card or account it is being paid, and what it thinks of the risk."""

    type: ClassVar[str] = "method_seen"

    fingerprint: str | None
    risk: tuple[tuple[str, str], ...] = ()
    """The gateway's own words, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescreened(Happened):
    """Fraud has looked at it again, knowing by what it is paid, before the money is taken."""

    type: ClassVar[str] = "rescreened"

    decision_id: RiskDecisionId | None
    verdict: Screening
    reasons: tuple[str, ...]


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
class CancelAsked(Happened):
    """It is to be given up."""

    type: ClassVar[str] = "cancel_asked"

    reason: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Happened):
    """It was given up, or its time was over."""

    type: ClassVar[str] = "cancelled"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Happened):
    """It will not happen."""

    type: ClassVar[str] = "failed"

    reason: str
    """A stable word, as `PaymentAbandoned` announces it."""
    detail: str = ""
    """The gateway's own code."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudWarned(Happened):
    """The card network reports it as fraud, before any dispute."""

    type: ClassVar[str] = "fraud_warned"

    warning_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpened(Happened):
    """The payer's bank took some back while it looks into it."""

    type: ClassVar[str] = "dispute_opened"

    dispute_ref: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeDecided(Happened):
    """The bank has decided: won, and the money is back; or lost."""

    type: ClassVar[str] = "dispute_decided"

    dispute_ref: str
    won: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFeeKnown(Happened):
    """The gateway says what the dispute costs in all, whoever wins."""

    type: ClassVar[str] = "dispute_fee_known"

    dispute_ref: str
    fee: Money
    added: Money


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


EVENTS: Final[Mapping[str, type[Happened]]] = {
    one.type: one
    for one in (
        Started,
        Screened,
        Reviewed,
        HeldBack,
        Attempted,
        AttemptFailed,
        OutcomeLost,
        Opened,
        Resolved,
        Authorised,
        MethodSeen,
        Rescreened,
        CaptureAsked,
        Captured,
        FeeKnown,
        MethodKept,
        CancelAsked,
        Cancelled,
        Failed,
        RefundAsked,
        RefundLost,
        RefundSent,
        RefundNoticed,
        RefundSucceeded,
        RefundFailed,
        FraudWarned,
        DisputeOpened,
        DisputeDecided,
        DisputeFeeKnown,
        Unexplained,
    )
}
"""Every event by its type."""


def noticed_refund_id(*, gateway: GatewayName, refund_ref: str) -> RefundId:
    """Return the id of a refund that the gateway made by itself: the same however often it is seen.

    Source: RFC 9562, section 8, for ids that others make by rules of their own; the bits are those of its version 8.
    """
    digest = hashlib.sha256(f"refund:{gateway}:{refund_ref}".encode()).digest()[:16]
    number = int.from_bytes(digest) & ~(0xF << 76) & ~(0b11 << 62) | 8 << 76 | 0b10 << 62
    return RefundId(UUID(int=number))
