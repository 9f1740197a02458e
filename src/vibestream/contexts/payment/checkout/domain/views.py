"""What is read of payments: one line of a list, and one step of a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.payment.checkout.domain.facts import Fact
from vibestream.contexts.payment.checkout.domain.payment import Payment
from vibestream.contexts.payment.checkout.domain.states import PaymentState, Purpose, RefundState, Screening
from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.kernel.ids import PaymentId, RiskDecisionId, TransactionId, UserId
from vibestream.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """A payment as it is listed and shown. Says nothing that its stream does not say."""

    payment_id: PaymentId
    user_id: UserId
    purpose: Purpose
    subject: str
    description: str
    state: PaymentState
    amount: Money
    captured: Money
    refunded: Money
    refunding: Money
    """Asked to be given back, and not yet with the payer."""
    disputed: Money
    unexplained: bool
    """The gateway holds money for it that does not fit: somebody has to look."""
    fee: Money | None
    gateway: GatewayName | None
    payment_ref: str | None
    redirect_url: str | None
    """Where the payer confirms it, while that is to be done; None: nowhere yet, or no longer."""
    return_to: str
    reason: str | None
    """Why it ended: the word that `PaymentAbandoned` announces."""
    verdict: Screening | None
    decision_id: RiskDecisionId | None
    in_review: bool
    method_kept: bool
    version: int
    started_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One thing that happened to a payment, and what it moved."""

    version: int
    at: datetime
    type: str
    words: str
    """A line for the record, in English."""
    facts: tuple[Fact, ...]
    transaction_ids: tuple[TransactionId, ...]

    @property
    def shown_to_payer(self) -> bool:
        """Whether the payer may read it.

        What fraud thought of a payment tells a thief what to do better; what a payment or dispute costs us is no matter of
        whoever paid.
        """
        return self.type not in _NOT_FOR_PAYERS


_NOT_FOR_PAYERS: Final = frozenset(
    {
        *("screened", "rescreened", "reviewed", "held_back", "method_seen", "fraud_warned", "unexplained"),
        *("fee_known", "dispute_fee_known"),
    }
)


def view_of(payment: Payment, *, started_at: datetime, changed_at: datetime) -> PaymentView:
    """Return the line that a payment is shown as.

    Args:
        payment: as its stream makes it.
        started_at: when its first event was recorded.
        changed_at: when its last was.
    """
    started = payment.started
    waits = payment.state is PaymentState.PENDING and payment.cancel_key is None
    given = [one for one in payment.refunds.values() if one.state not in {RefundState.FAILED, RefundState.SUCCEEDED}]
    return PaymentView(
        payment_id=started.payment_id,
        user_id=started.user_id,
        purpose=started.purpose,
        subject=started.subject,
        description=started.description,
        state=payment.state,
        amount=started.amount,
        captured=payment.captured,
        refunded=payment.refunded,
        refunding=Money(sum(one.amount.minor for one in given), started.amount.currency),
        disputed=payment.disputed,
        unexplained=any(amount.minor for amount in payment.unexplained.values()),
        fee=payment.fee,
        gateway=payment.gateway,
        payment_ref=payment.payment_ref,
        redirect_url=payment.redirect_url if waits else None,
        return_to=started.return_to,
        reason=payment.reason,
        verdict=payment.verdict,
        decision_id=payment.decision_id,
        in_review=payment.in_review,
        method_kept=payment.method_ref is not None,
        version=payment.version,
        started_at=started_at,
        changed_at=changed_at,
    )
