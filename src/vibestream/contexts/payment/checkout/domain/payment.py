"""A payment as its events make it: the state that commands are decided on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, assert_never

from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.states import (
    ARRIVED,
    ENDED,
    Act,
    DisputeStanding,
    PaymentState,
    RefundState,
    Screening,
    require_transition,
)
from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.ledger.domain.accounts import AccountName
from vibestream.kernel.ids import PaymentId, RefundId, RiskDecisionId, UserId
from vibestream.kernel.money import Money

_NO_REFUNDS: Final[Mapping[RefundId, Refund]] = MappingProxyType({})
_NO_DISPUTES: Final[Mapping[str, Dispute]] = MappingProxyType({})
_NO_STRAYS: Final[Mapping[tuple[GatewayName, str], Money]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One gateway asked to take the money."""

    number: int
    gateway: GatewayName
    act: Act
    key: str
    separate_capture: bool
    step_up: bool
    site: str
    at: datetime
    failed: str | None = None
    unavailable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Some of it on its way back."""

    refund_id: RefundId
    amount: Money
    state: RefundState
    source: AccountName
    asked_for: bool
    key: str | None = None
    reason: str = ""
    requested_by: UserId | None = None
    refund_ref: str | None = None
    reached: bool = False
    """The payer had it at some time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """Some of it disputed."""

    dispute_ref: str
    amount: Money
    standing: DisputeStanding
    reason: str
    fee: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """How a payment stands after its first `version` events."""

    started: e.Started
    version: int
    state: PaymentState
    verdict: Screening | None = None
    decision_id: RiskDecisionId | None = None
    reasons: tuple[str, ...] = ()
    rescreened: bool = False
    """Fraud was asked again, knowing by what it is paid."""
    approved: bool | None = None
    """What its review came to; None before."""
    held_back: bool = False
    attempts: tuple[Attempt, ...] = ()
    payment_ref: str | None = None
    redirect_url: str | None = None
    lost: Act | None = None
    """What the answer was lost of, while the state is unknown."""
    capture_key: str | None = None
    cancel_key: str | None = None
    cancel_reason: str | None = None
    fee: Money | None = None
    method_ref: str | None = None
    fingerprint: str | None = None
    """Of the method that was kept."""
    paid_with: str | None = None
    """The fingerprint of the card or account that it is being paid by, once its gateway has said so."""
    risk: tuple[tuple[str, str], ...] = ()
    """What the gateway says of its risk, in its own words."""
    warnings: frozenset[str] = frozenset()
    """What the card network has reported as fraud, by the gateway's ids."""
    reason: str | None = None
    """Why it ended."""
    refunds: Mapping[RefundId, Refund] = field(default_factory=lambda: _NO_REFUNDS)
    disputes: Mapping[str, Dispute] = field(default_factory=lambda: _NO_DISPUTES)
    unexplained: Mapping[tuple[GatewayName, str], Money] = field(default_factory=lambda: _NO_STRAYS)

    @property
    def payment_id(self) -> PaymentId:
        """Whose stream it is."""
        return self.started.payment_id

    @property
    def user_id(self) -> UserId:
        """Who pays."""
        return self.started.user_id

    @property
    def amount(self) -> Money:
        """What is to be paid."""
        return self.started.amount

    @property
    def attempt(self) -> Attempt | None:
        """The attempt that stands, or is unanswered; None before the first and after one that failed."""
        return self.attempts[-1] if self.attempts and self.attempts[-1].failed is None else None

    @property
    def gateway(self) -> GatewayName | None:
        """Where it stands, or was last tried."""
        return self.attempts[-1].gateway if self.attempts else None

    @property
    def arrived(self) -> bool:
        """Whether its money came."""
        return self.state in ARRIVED

    @property
    def ended(self) -> bool:
        """Whether it will not happen."""
        return self.state in ENDED

    @property
    def in_review(self) -> bool:
        """Whether a person has to decide first."""
        return self.verdict is Screening.REVIEW and self.approved is None and not self.ended

    @property
    def to_be_rescreened(self) -> bool:
        """Whether it is authorised, and more is known of who pays than when it was screened."""
        waits = self.state is PaymentState.AUTHORISED and self.capture_key is None and self.cancel_key is None
        return waits and not self.rescreened and (self.paid_with is not None or bool(self.risk))

    @property
    def captured(self) -> Money:
        """What came of it: all or nothing."""
        return self.amount if self.arrived else Money.zero(self.amount.currency)

    @property
    def refunded(self) -> Money:
        """What its payer has back."""
        return self._sum(one.amount for one in self.refunds.values() if one.state is RefundState.SUCCEEDED)

    @property
    def refunding(self) -> Money:
        """What its payer has back, or may get yet."""
        return self._sum(one.amount for one in self.refunds.values() if one.state is not RefundState.FAILED)

    @property
    def disputed(self) -> Money:
        """What the payer's bank has taken back, for now or for good."""
        return self._sum(one.amount for one in self.disputes.values() if one.standing is not DisputeStanding.WON)

    @property
    def refundable(self) -> Money:
        """What may still be given back."""
        return self.captured - self.refunding - self.disputed

    def _sum(self, amounts: Iterable[Money]) -> Money:
        total = Money.zero(self.amount.currency)
        for amount in amounts:
            total += amount
        return total


def evolve(payment: Payment | None, event: e.Happened) -> Payment:
    """Return the payment after an event.

    Raises:
        ImpossibleTransition: the event cannot follow.
        TypeError: the stream does not begin with its beginning.
    """
    if isinstance(event, e.Started):
        if payment is not None:
            raise TypeError("A payment is started once.")
        return Payment(started=event, version=1, state=PaymentState.CREATED)
    if payment is None:
        raise TypeError("A payment begins by being started.")
    after = replace(_after(payment, event), version=payment.version + 1)
    require_transition(payment.state, after.state)
    return after


def fold(events: Iterable[e.Happened]) -> Payment | None:
    """Return the payment that a stream makes; None for an empty one."""
    payment: Payment | None = None
    for event in events:
        payment = evolve(payment, event)
    return payment


def _after(p: Payment, event: e.Happened) -> Payment:  # noqa: PLR0911 - one line an event
    match event:
        case e.Screened() | e.Rescreened() | e.Reviewed() | e.HeldBack() | e.MethodSeen() | e.FraudWarned():
            return _judged(p, event)
        case e.CancelAsked():
            return replace(p, cancel_key=event.key, cancel_reason=event.reason)
        case e.CaptureAsked():
            return replace(p, capture_key=event.key)
        case e.FeeKnown():
            return replace(p, fee=event.fee)
        case e.MethodKept():
            return replace(p, method_ref=event.method_ref, fingerprint=event.fingerprint)
        case e.Unexplained():
            return _unexplained(p, event)
        case e.Cancelled():
            return replace(p, state=PaymentState.CANCELLED, reason=event.reason, lost=None)
        case e.Failed():
            return replace(p, state=PaymentState.FAILED, reason=event.reason, lost=None)
        case e.Attempted() | e.AttemptFailed() | e.Opened() | e.OutcomeLost() | e.Resolved() | e.Authorised():
            return _on_its_way(p, event)
        case _:
            return _settled(_arrived(p, event))


def _judged(
    p: Payment, event: e.Screened | e.Rescreened | e.Reviewed | e.HeldBack | e.MethodSeen | e.FraudWarned
) -> Payment:
    match event:
        case e.Screened():
            return replace(p, verdict=event.verdict, decision_id=event.decision_id, reasons=event.reasons)
        case e.Rescreened():
            # A review that is open stays the one that people decide: it is found by the decision that opened it.
            waits = p.in_review and event.verdict is Screening.REVIEW
            decision_id = p.decision_id if waits else event.decision_id
            return replace(p, verdict=event.verdict, decision_id=decision_id, reasons=event.reasons, rescreened=True)
        case e.Reviewed():
            return replace(p, approved=event.approved, held_back=False)
        case e.HeldBack():
            return replace(p, held_back=True)
        case e.MethodSeen():
            return replace(p, paid_with=event.fingerprint or p.paid_with, risk=event.risk or p.risk)
        case e.FraudWarned():
            return replace(p, warnings=p.warnings | {event.warning_ref})
        case _:
            assert_never(event)


def _on_its_way(
    p: Payment, event: e.Attempted | e.AttemptFailed | e.Opened | e.OutcomeLost | e.Resolved | e.Authorised
) -> Payment:
    match event:
        case e.Attempted():
            attempt = Attempt(
                number=event.number,
                gateway=event.gateway,
                act=event.act,
                key=event.key,
                separate_capture=event.separate_capture,
                step_up=event.step_up,
                site=event.site,
                at=event.at,
            )
            return replace(p, state=PaymentState.PENDING, attempts=(*p.attempts, attempt))
        case e.AttemptFailed():
            failed = replace(p.attempts[-1], failed=event.reason, unavailable=event.unavailable)
            return replace(p, state=PaymentState.CREATED, attempts=(*p.attempts[:-1], failed), lost=None)
        case e.Opened():
            state = p.state if p.ended or p.arrived else PaymentState.PENDING
            return replace(p, state=state, payment_ref=event.payment_ref, redirect_url=event.redirect_url, lost=None)
        case e.OutcomeLost():
            return replace(p, state=PaymentState.UNKNOWN, lost=event.act)
        case e.Resolved():
            return replace(p, state=event.found, lost=None)
        case e.Authorised():
            return replace(p, state=PaymentState.AUTHORISED, lost=None)
        case _:
            assert_never(event)


def _unexplained(p: Payment, event: e.Unexplained) -> Payment:
    strays = {**p.unexplained, (event.gateway, event.payment_ref): event.amount}
    own = event.gateway is p.gateway and event.payment_ref == p.payment_ref
    state = PaymentState.UNKNOWN if own and event.amount.minor > 0 and not p.arrived else p.state
    return replace(p, unexplained=MappingProxyType(strays), state=state)


def _arrived(p: Payment, event: e.Happened) -> Payment:
    match event:
        case e.Captured():
            return replace(p, state=PaymentState.CAPTURED, lost=None, reason=None)
        case e.RefundAsked():
            refund = Refund(
                refund_id=event.refund_id,
                amount=event.amount,
                state=RefundState.ASKED,
                source=event.source,
                asked_for=True,
                key=event.key,
                reason=event.reason,
                requested_by=event.requested_by,
            )
        case e.RefundNoticed():
            refund = Refund(
                refund_id=event.refund_id,
                amount=event.amount,
                state=RefundState.SUCCEEDED,
                source=event.source,
                asked_for=False,
                refund_ref=event.refund_ref,
                reached=True,
            )
        case e.RefundLost():
            refund = replace(p.refunds[event.refund_id], state=RefundState.LOST)
        case e.RefundSent():
            refund = replace(p.refunds[event.refund_id], state=RefundState.SENT, refund_ref=event.refund_ref)
        case e.RefundSucceeded():
            known = p.refunds[event.refund_id]
            refund = replace(known, state=RefundState.SUCCEEDED, refund_ref=event.refund_ref, reached=True)
        case e.RefundFailed():
            refund = replace(p.refunds[event.refund_id], state=RefundState.FAILED)
        case _:
            return _disputed(p, event)
    return replace(p, refunds=MappingProxyType({**p.refunds, refund.refund_id: refund}))


def _disputed(p: Payment, event: e.Happened) -> Payment:
    match event:
        case e.DisputeOpened():
            dispute = Dispute(
                dispute_ref=event.dispute_ref,
                amount=event.amount,
                standing=DisputeStanding.OPEN,
                reason=event.reason,
            )
        case e.DisputeDecided():
            standing = DisputeStanding.WON if event.won else DisputeStanding.LOST
            dispute = replace(p.disputes[event.dispute_ref], standing=standing)
        case e.DisputeFeeKnown():
            dispute = replace(p.disputes[event.dispute_ref], fee=event.fee)
        case _:
            raise TypeError(f"{type(event).__name__} has no meaning here.")
    return replace(p, disputes=MappingProxyType({**p.disputes, dispute.dispute_ref: dispute}))


def _settled(p: Payment) -> Payment:
    """Return the payment in the state that its refunds and disputes make of one whose money came."""
    if not p.arrived:
        return p
    if p.disputed.minor > 0:
        return replace(p, state=PaymentState.DISPUTED)
    if p.refunded.minor >= p.amount.minor:
        return replace(p, state=PaymentState.REFUNDED)
    return replace(p, state=PaymentState.PARTIALLY_REFUNDED if p.refunded.minor else PaymentState.CAPTURED)
