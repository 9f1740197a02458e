"""The port: what VibeStream asks of a payment gateway, in the same words for each.

Every method that changes something takes our own idempotency key, which was stored before the call and is used again for
the same act for ever. Every method raises only the errors of this module.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol

from vibestream.kernel.errors import Conflict, InvalidInput, Unavailable
from vibestream.kernel.ids import PaymentId, PayoutId
from vibestream.kernel.money import Money


class GatewayName(enum.StrEnum):
    """The gateways there are."""

    STRIPE = "stripe"
    PAYPAL = "paypal"
    COINBASE = "coinbase"


class Capability(enum.StrEnum):
    """What a gateway can do beyond taking a payment."""

    SEPARATE_CAPTURE = "separate_capture"
    REFUNDS = "refunds"
    PARTIAL_REFUNDS = "partial_refunds"
    DISPUTES = "disputes"
    PAYOUTS = "payouts"
    OFF_SESSION = "off_session"
    """Can charge a stored method again while its owner is away, as renewals need."""


class GatewayDeclined(Conflict):
    """The gateway said no, for good. Nothing happened at it."""

    code: ClassVar[str] = "gateway.declined"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
        """The gateway's own code, such as `card_declined`."""


class GatewayUnavailable(Unavailable):
    """It could not be asked, and certainly nothing happened: connection refused, breaker open, rate limited."""

    code: ClassVar[str] = "gateway.unavailable"


class OutcomeUnknown(Unavailable):
    """It may or may not have happened: a timeout, a broken answer, a 5xx. Ask again with the same key; never assume."""

    code: ClassVar[str] = "gateway.outcome_unknown"


class UnsupportedAmount(InvalidInput):
    """The gateway cannot express this amount or currency."""

    code: ClassVar[str] = "gateway.unsupported_amount"


class WebhookRefused(InvalidInput):
    """A webhook that is not proven to be the gateway's own and fresh."""

    code: ClassVar[str] = "gateway.webhook_refused"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
        """A stable word for the metrics: malformed, signature, stale, certificate, unconfigured,
        livemode (a test event where real money moves, or the other way round)."""


class ProviderState(enum.StrEnum):
    """How a payment stands at its gateway."""

    OPEN = "open"
    """Waits for the payer."""
    PROCESSING = "processing"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Given up by the payer or by us, or its time was over."""


class MoveState(enum.StrEnum):
    """How a refund or payout stands at its gateway."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETURNED = "returned"
    """It went out and came back: refused by the bank, unclaimed, reversed."""


class DisputeState(enum.StrEnum):
    """How a dispute stands at its gateway."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """A payment that its payer is to confirm on the gateway's own page."""

    payment_id: PaymentId
    key: str
    """Ours, 1 to 100 characters of `[a-zA-Z0-9:_-]`."""
    amount: Money
    description: str
    """What is bought, in words for the payer."""
    return_url: str
    cancel_url: str
    payer_email: str | None = None
    separate_capture: bool = False
    """Only authorise now; capture or cancel later."""
    keep_method: bool = False
    """Store the payment method for charges while the payer is away."""
    step_up: bool = False
    """Have the payer's bank authenticate the payer (3-D Secure), where the gateway can ask for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """A payment by a method that was stored earlier, without its owner."""

    payment_id: PaymentId
    key: str
    amount: Money
    description: str
    method_ref: str
    """What `ProviderPayment.method_ref` was when the method was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRefund:
    """A refund as its gateway has it."""

    refund_ref: str
    payment_ref: str
    amount: Money
    state: MoveState
    key: str | None
    """Our key, where the gateway gives it back; None for one that was not made by us."""
    fraud: bool = False
    """The gateway calls it a refund for fraud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDispute:
    """A dispute as its gateway has it."""

    dispute_ref: str
    payment_ref: str
    amount: Money
    fee: Money | None
    state: DisputeState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPayment:
    """A payment as its gateway has it now. The only place that amounts are believed from."""

    payment_ref: str
    """The gateway's id, for every later call."""
    payment_id: PaymentId | None
    """Ours, as the gateway gives it back; None for one that is not ours."""
    state: ProviderState
    amount: Money
    """What was asked for."""
    captured: Money
    refunded: Money
    fee: Money | None
    """What the gateway keeps, in the currency that it settles in; None while it does not know."""
    redirect_url: str | None = None
    """Where the payer confirms it, while it is open."""
    method_ref: str | None = None
    """The stored method, when it was asked to keep one."""
    method_fingerprint: str | None = None
    """The same for the same card or account at this gateway, whoever pays with it."""
    failure: str | None = None
    """The gateway's own code of why it failed."""
    refunds: tuple[ProviderRefund, ...] = ()
    disputes: tuple[ProviderDispute, ...] = ()
    fraud_warnings: tuple[str, ...] = ()
    """Reports of the card network that it is fraud, by the gateway's ids of them."""
    risk: Mapping[str, str] = field(default_factory=dict)
    """What the gateway says of its risk, in its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRequest:
    """Money to a payee."""

    payout_id: PayoutId
    key: str
    amount: Money
    destination: str
    """The payee at the gateway: a connected account, an e-mail address."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPayout:
    """A payout as its gateway has it."""

    payout_ref: str
    payout_id: PayoutId | None
    amount: Money
    fee: Money | None
    state: MoveState
    failure: str | None = None


class ObjectKind(enum.StrEnum):
    """What a webhook speaks of."""

    PAYMENT = "payment"
    PAYOUT = "payout"
    ACCOUNT = "account"
    """A payee's account at the gateway."""
    OTHER = "other"
    """Something we have no use for: accepted, kept, and left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A proven webhook: which object changed. What it says about amounts is deliberately not here; fetch the object."""

    gateway: GatewayName
    event_ref: str
    """The gateway's id of this event; the same for each delivery."""
    type: str
    kind: ObjectKind
    object_ref: str
    """The id to fetch with `retrieve` or `retrieve_payout`: of the payment also when its refund or dispute changed.

    Not always the payment's `payment_ref` (Stripe speaks of a PaymentIntent where a Checkout Session was made): whose it is
    says `payment_id` of what was retrieved.
    """
    sent_at: datetime


class BookLineKind(enum.StrEnum):
    """What moved money in a gateway's own books."""

    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    PAYOUT = "payout"
    PAYOUT_RETURN = "payout_return"
    SETTLEMENT = "settlement"
    """From the gateway to our bank."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLine:
    """One movement in a gateway's own books, for reconciliation."""

    line_ref: str
    kind: BookLineKind
    object_ref: str
    """The payment (as `retrieve` takes it), refund, dispute or payout that it belongs to."""
    amount: Money
    """Before the fee; positive towards us."""
    fee: Money
    at: datetime
    payment_id: PaymentId | None = None
    """Ours, where the gateway's books give it back."""
    payout_id: PayoutId | None = None


class PaymentGateway(Protocol):
    """One gateway. Stateless but for connections; safe to share between tasks of one loop."""

    @property
    def name(self) -> GatewayName:
        """Which one it is."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""

    async def create_checkout(self, request: CheckoutRequest) -> ProviderPayment:
        """Open a payment; asking again with the same key returns the same payment as it stands now."""

    async def charge(self, request: ChargeRequest) -> ProviderPayment:
        """Charge a stored method; needs OFF_SESSION."""

    async def retrieve(self, payment_ref: str) -> ProviderPayment | None:
        """Return the payment with its refunds and disputes as they stand now; None when the gateway has none.

        Takes a `payment_ref`, and any `object_ref` of a webhook or book line about a payment.

        Raises:
            GatewayUnavailable: it could not be read now; reading changes nothing, so nothing is unknown by it.
        """

    async def capture(self, payment_ref: str, *, key: str, amount: Money) -> ProviderPayment:
        """Capture what was authorised; for PayPal also what the payer has approved."""

    async def cancel(self, payment_ref: str, *, key: str) -> ProviderPayment:
        """Give up a payment that was not captured. One that was captured meanwhile is returned as such."""

    async def refund(self, payment_ref: str, *, key: str, amount: Money, reason: str) -> ProviderRefund:
        """Give back some or all of what was captured."""

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:
        """Send money to a payee; needs PAYOUTS."""

    async def retrieve_payout(self, payout_ref: str) -> ProviderPayout | None:
        """Return a payout as it stands now."""

    async def verify_webhook(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        """Return what a delivery proves. Header names are in lower case; the body is as it came over the wire.

        Raises:
            WebhookRefused: it is not proven to be the gateway's own and fresh.
            GatewayUnavailable: a certificate that it needs cannot be fetched now.
        """

    def list_book(self, *, since: datetime, until: datetime) -> AsyncIterator[BookLine]:
        """Yield the movements of the gateway's own books in a half-open period, for reconciliation."""

    async def close(self) -> None:
        """End its connections."""
