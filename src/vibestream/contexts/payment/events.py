"""What the payment context announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from vibestream.kernel.events import Event
from vibestream.kernel.ids import PaymentId, RefundId, RewardId, RiskDecisionId, TransactionId, UserId
from vibestream.kernel.money import Money


@dataclass(frozen=True, kw_only=True)
class RewardPaid(Event):
    """A reward stands in its owner's wallet. Announced once per reward, however often it was asked for."""

    type: ClassVar[str] = "vibestream.payment.reward_paid"

    reward_id: RewardId
    user_id: UserId
    epoch: date
    amount: Money
    transaction_id: TransactionId

    @property
    def key(self) -> str:
        """Order the news of one wallet."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class _OfPayment(Event):
    payment_id: PaymentId
    user_id: UserId
    purpose: str
    """What it was for, such as `subscription`."""
    subject: str
    """What exactly, in the words of whoever asked for the payment: a subscription's id, a tip's; empty for a top-up."""
    amount: Money

    @property
    def key(self) -> str:
        """Order the news of one payment."""
        return str(self.payment_id)


@dataclass(frozen=True, kw_only=True)
class PaymentCaptured(_OfPayment):
    """Money for a payment arrived and stands in its escrow. Announced once, with the whole amount."""

    type: ClassVar[str] = "vibestream.payment.payment_captured"


@dataclass(frozen=True, kw_only=True)
class PaymentAbandoned(_OfPayment):
    """A payment will not happen: it failed, was refused or was given up. Nothing was taken."""

    type: ClassVar[str] = "vibestream.payment.payment_abandoned"

    reason: str
    """A stable word: `declined`, `cancelled`, `expired`, `refused`."""


@dataclass(frozen=True, kw_only=True)
class PaymentRefunded(_OfPayment):
    """Some of a payment (`amount`) went back to its payer."""

    type: ClassVar[str] = "vibestream.payment.payment_refunded"

    refund_id: RefundId
    asked_for: bool
    """We asked, and the money was taken back from where it had gone before; else the gateway did it by itself, and
    whoever got the money has to give it back now."""


@dataclass(frozen=True, kw_only=True)
class PaymentDisputed(_OfPayment):
    """The payer's bank disputes a payment (`amount`), or has decided about it."""

    type: ClassVar[str] = "vibestream.payment.payment_disputed"

    state: str
    """`open`, `won` or `lost`, from our side."""


@dataclass(frozen=True, kw_only=True)
class ReviewDecided(Event):
    """A payment or payout that waited for a person's look may go on, or must not. Announced once per review."""

    type: ClassVar[str] = "vibestream.payment.review_decided"

    decision_id: RiskDecisionId
    kind: str
    """`payment` or `payout`."""
    subject: str
    """The payment's or payout's id, as fraud was told it."""
    user_id: UserId
    released: bool
    """It may go on: capture it, pay it out. Else cancel it: it was refused, or nobody looked in time."""

    @property
    def key(self) -> str:
        """Order the news of one payment or payout."""
        return self.subject


@dataclass(frozen=True, kw_only=True)
class PayoutDestinationChanged(Event):
    """A payee's money will be sent somewhere else from an instant on. Announced so that its owner is told."""

    type: ClassVar[str] = "vibestream.payment.payout_destination_changed"

    user_id: UserId
    method: str
    """`stripe` or `paypal`."""
    address: str
    """Where to, as other eyes than the owner's may see it."""
    usable_from: datetime

    @property
    def key(self) -> str:
        """Order the news of one payee."""
        return str(self.user_id)
