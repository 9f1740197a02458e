"""What is sent and answered. Amounts are exact decimals as text, in the currency beside them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from vibestream.contexts.payment.checkout.service import PaymentState, PaymentView, Purpose, Screening, TimelineEntry
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger.service import AccountKind, LedgerTransaction


class RefundBody(BaseModel):
    """What is to be given back, and who bears it."""

    model_config = ConfigDict(extra="forbid")

    amount: StrictStr = Field(max_length=30, description="An exact decimal, in the payment's currency.")
    reason: StrictStr = Field(min_length=1, max_length=200)
    source: StrictStr | None = Field(
        None,
        pattern="^(wallet|escrow|platform)$",
        description="Who bears it: the payer's wallet, the payment's own escrow, or the platform. Unset: the wallet for a "
        "top-up, else the escrow.",
    )
    fraud: StrictBool = Field(default=False, description="Somebody else has paid with the payer's money.")


class RefundAskedBody(BaseModel):
    """A refund that was asked for."""

    refund_id: UUID


class PaymentBody(BaseModel):
    """A payment, as its payer sees it."""

    payment_id: UUID
    purpose: Purpose
    subject: str
    description: str
    state: PaymentState
    amount: str
    currency: str
    captured: str
    refunded: str
    refunding: str = Field(description="On its way back.")
    redirect_url: str | None = Field(description="Where to confirm it, once and while that is to be done.")
    reason: str | None = Field(description="Why it ended: declined, refused, cancelled, expired, unavailable ...")
    started_at: datetime
    changed_at: datetime


class PaymentOfSomebody(PaymentBody):
    """A payment, as finance sees it."""

    user_id: UUID
    gateway: GatewayName | None
    payment_ref: str | None = Field(description="The gateway's id.")
    fee: str | None = Field(description="What the gateway keeps; null while it does not say.")
    fee_currency: str | None
    disputed: str
    unexplained: bool = Field(description="The gateway holds money for it that does not fit.")
    verdict: Screening | None = Field(description="What fraud said.")
    decision_id: UUID | None = Field(description="The risk check's decision.")
    in_review: bool
    version: int


class HappenedBody(BaseModel):
    """One thing that happened to a payment."""

    version: int
    at: datetime
    type: str
    words: str


class PostingBody(BaseModel):
    """What one account gained, or gave when negative."""

    account_id: UUID
    kind: AccountKind
    subject: str
    amount: str
    currency: str


class MovedBody(BaseModel):
    """A transaction of the ledger; in each currency its postings sum to zero."""

    transaction_id: UUID
    key: str
    kind: str
    recorded_at: datetime
    postings: list[PostingBody]


class TracedBody(HappenedBody):
    """One thing that happened to a payment, with what it moved."""

    transactions: list[MovedBody]


class PaymentWithTimeline(BaseModel):
    """A payment and everything that happened to it."""

    payment: PaymentBody
    timeline: list[HappenedBody]


class PaymentTraced(BaseModel):
    """A payment, everything that happened to it with each posting, and what its owner did with its money."""

    payment: PaymentOfSomebody
    timeline: list[TracedBody]
    elsewhere: list[MovedBody] = Field(description="Other transactions on the payment's escrow, the oldest first.")


def payment_body(view: PaymentView) -> PaymentBody:
    """Return a payment as its payer sees it."""
    return PaymentBody(
        payment_id=view.payment_id,
        purpose=view.purpose,
        subject=view.subject,
        description=view.description,
        state=view.state,
        amount=view.amount.decimal,
        currency=view.amount.currency.code,
        captured=view.captured.decimal,
        refunded=view.refunded.decimal,
        refunding=view.refunding.decimal,
        redirect_url=view.redirect_url,
        reason=view.reason,
        started_at=view.started_at,
        changed_at=view.changed_at,
    )


def finance_body(view: PaymentView) -> PaymentOfSomebody:
    """Return a payment as finance sees it."""
    return PaymentOfSomebody(
        **payment_body(view).model_dump(),
        user_id=view.user_id,
        gateway=view.gateway,
        payment_ref=view.payment_ref,
        fee=None if view.fee is None else view.fee.decimal,
        fee_currency=None if view.fee is None else view.fee.currency.code,
        disputed=view.disputed.decimal,
        unexplained=view.unexplained,
        verdict=view.verdict,
        decision_id=view.decision_id,
        in_review=view.in_review,
        version=view.version,
    )


def happened_body(entry: TimelineEntry) -> HappenedBody:
    """Return one thing that happened."""
    return HappenedBody(version=entry.version, at=entry.at, type=entry.type, words=entry.words)


def moved_body(transaction: LedgerTransaction) -> MovedBody:
    """Return a transaction with its postings."""
    return MovedBody(
        transaction_id=transaction.transaction_id,
        key=transaction.key,
        kind=transaction.kind,
        recorded_at=transaction.recorded_at,
        postings=[
            PostingBody(
                account_id=leg.account_id,
                kind=leg.account.kind,
                subject=leg.account.subject,
                amount=leg.amount.decimal,
                currency=leg.amount.currency.code,
            )
            for leg in transaction.legs
        ],
    )
