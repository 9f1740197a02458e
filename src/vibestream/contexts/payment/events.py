"""What the payment context announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from vibestream.kernel.events import Event
from vibestream.kernel.ids import (
    PaymentId,
    PayoutId,
    RefundId,
    RewardId,
    RiskDecisionId,
    SubscriptionId,
    TipId,
    TransactionId,
    UserId,
)
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
    """A payment will not happen: it failed, was refused or was given up. Nothing was taken.

    Should its money come all the same, such as by a transfer of coins that was begun in time, `PaymentCaptured` follows.
    """

    type: ClassVar[str] = "vibestream.payment.payment_abandoned"

    reason: str
    """A stable word: `declined`, `cancelled`, `expired`, `refused`, `unavailable` (no gateway could be asked),
    `authentication_required` (a stored method, whose owner has to be there), `amount_differs`."""


@dataclass(frozen=True, kw_only=True)
class PaymentRefunded(_OfPayment):
    """Some of a payment (`amount`) went back to its payer."""

    type: ClassVar[str] = "vibestream.payment.payment_refunded"

    refund_id: RefundId
    asked_for: bool
    """We asked, and the money was taken back from where it had gone before; else the gateway did it by itself, and
    whoever got the money has to give it back now."""
    requested_by: UserId | None = None
    """Who here asked for it; None: nobody did, or the product by itself."""


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
    decided_by: tuple[UserId, ...] = ()
    """Whose word it was, in order: two people's above the limit; nobody's when nobody looked in time."""

    @property
    def key(self) -> str:
        """Order the news of one payment or payout."""
        return self.subject


@dataclass(frozen=True, kw_only=True)
class _OfPayout(Event):
    payout_id: PayoutId
    user_id: UserId
    """The payee."""
    amount: Money
    """What was, or would have been, sent to them: less what was kept."""
    method: str
    """`stripe` or `paypal`."""

    @property
    def key(self) -> str:
        """Order the news of one payout."""
        return str(self.payout_id)


@dataclass(frozen=True, kw_only=True)
class PayoutPaid(_OfPayout):
    """A payout arrived. It may still come back: `PayoutReturned` follows then."""

    type: ClassVar[str] = "vibestream.payment.payout_paid"

    transaction_id: TransactionId
    """What it posted: from what was in transit to its gateway."""


@dataclass(frozen=True, kw_only=True)
class PayoutReturned(_OfPayout):
    """A payout came back, and all that had left the payee's balance for it is theirs again."""

    type: ClassVar[str] = "vibestream.payment.payout_returned"

    transaction_id: TransactionId
    """What gave it back."""


@dataclass(frozen=True, kw_only=True)
class PayoutFailed(_OfPayout):
    """A payout was not sent, and all that had left the payee's balance for it is theirs again.

    Should its gateway have sent it all the same, it is taken again, and `PayoutPaid` follows.
    """

    type: ClassVar[str] = "vibestream.payment.payout_failed"

    transaction_id: TransactionId
    """What gave it back."""
    reason: str
    """A stable word that its payee may know: `declined` (its gateway said no) or `rejected` (we did)."""


@dataclass(frozen=True, kw_only=True)
class PayoutDecided(Event):
    """A person of finance has spoken about a payout. Announced once per person and decision."""

    type: ClassVar[str] = "vibestream.payment.payout_decided"

    payout_id: PayoutId
    user_id: UserId
    """The payee."""
    amount: Money
    """What leaves their balance."""
    decision: str
    """`agreed`, `rejected` or `said_not_sent`."""
    decided_by: UserId

    @property
    def key(self) -> str:
        """Order the news of one payout."""
        return str(self.payout_id)


@dataclass(frozen=True, kw_only=True)
class PayoutDestinationChanged(Event):
    """A payee's money will be sent somewhere else from an instant on. Announced so that its owner is told."""

    type: ClassVar[str] = "vibestream.payment.payout_destination_changed"
    personal: ClassVar[tuple[str, ...]] = ("address",)

    user_id: UserId
    method: str
    """`stripe` or `paypal`."""
    address: str
    """Where to, as other eyes than the owner's may see it."""
    usable_from: datetime
    first: bool = False
    """They had none before: nothing was changed."""

    @property
    def key(self) -> str:
        """Order the news of one payee."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class SubscriptionChanged(Event):
    """What somebody may hear changed, by a subscription of their own or one that they share. Says how it is now."""

    type: ClassVar[str] = "vibestream.payment.subscription_changed"

    user_id: UserId
    plan: str
    """The best plan they have now; `free` when they have none."""
    max_kbps: int
    """The best lossy quality."""
    lossless: bool
    until: datetime | None
    """From then on it is that of the free plan unless further news comes; None: without an end."""

    @property
    def key(self) -> str:
        """Order the news of one listener."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class RenewalFailed(Event):
    """Charging a subscription's renewal came to nothing."""

    type: ClassVar[str] = "vibestream.payment.renewal_failed"

    subscription_id: SubscriptionId
    user_id: UserId
    plan: str
    amount: Money
    next_try_at: datetime | None
    """None: there is no further one, and the subscription has ended."""
    entitled_until: datetime
    """Until when its owner has what it entitles to without paying."""

    @property
    def key(self) -> str:
        """Order the news of one subscription."""
        return str(self.subscription_id)


@dataclass(frozen=True, kw_only=True)
class RenewalDue(Event):
    """A subscription ends, or has ended its period, and only its owner can renew it: there is no method to charge."""

    type: ClassVar[str] = "vibestream.payment.renewal_due"

    subscription_id: SubscriptionId
    user_id: UserId
    plan: str
    amount: Money
    period_end: datetime

    @property
    def key(self) -> str:
        """Order the news of one subscription."""
        return str(self.subscription_id)


@dataclass(frozen=True, kw_only=True)
class TrialEnding(Event):
    """A trial is about to end. Announced once per trial, some days before."""

    type: ClassVar[str] = "vibestream.payment.trial_ending"

    subscription_id: SubscriptionId
    user_id: UserId
    plan: str
    amount: Money
    """What going on with it costs per period."""
    ends_at: datetime

    @property
    def key(self) -> str:
        """Order the news of one subscription."""
        return str(self.subscription_id)


@dataclass(frozen=True, kw_only=True)
class TipReceived(Event):
    """A fan's tip reached an artist. Announced once per tip."""

    type: ClassVar[str] = "vibestream.payment.tip_received"

    tip_id: TipId
    from_user: UserId
    payee: UserId
    amount: Money
    """What the fan gave."""
    earned: Money
    """What of it the artist has."""

    @property
    def key(self) -> str:
        """Order the news of one artist's account."""
        return str(self.payee)


@dataclass(frozen=True, kw_only=True)
class RatePublished(Event):
    """A rate of exchange that one person of finance proposed was published by another. Announced once per rate."""

    type: ClassVar[str] = "vibestream.payment.rate_published"

    rate_id: UUID
    pair: str
    """Both currencies, such as `EUR/USD`."""
    rate: str
    """A plain decimal."""
    proposed_by: UserId
    published_by: UserId

    @property
    def key(self) -> str:
        """Each rate is published once: there is nothing to order."""
        return str(self.rate_id)
