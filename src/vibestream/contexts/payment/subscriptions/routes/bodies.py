"""What is sent and answered. Amounts are exact decimals as text, in the currency beside them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from vibestream.contexts.payment.checkout.service import PaymentState, PaymentView
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.subscriptions.service import (
    AttemptState,
    Cycle,
    EndReason,
    Entitlements,
    InvoiceKind,
    InvoiceLine,
    InvoiceState,
    Quote,
    State,
    Subscription,
)


class TermsRequest(BaseModel):
    """What one wants."""

    model_config = ConfigDict(extra="forbid")

    plan: StrictStr = Field(max_length=20)
    cycle: Cycle


class PayRequest(BaseModel):
    """How one pays."""

    model_config = ConfigDict(extra="forbid")

    gateway: GatewayName | None = Field(None, description="Unset: the best one.")
    country: StrictStr | None = Field(None, pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")
    return_to: StrictStr = Field("/subscription", max_length=200, description="The page of this site to come back to.")
    keep_method: StrictBool = Field(default=True, description="Keep the method for renewals, where the gateway can.")


class OrderRequest(PayRequest):
    """What one wants to subscribe to, and how one pays."""

    plan: StrictStr = Field(max_length=20)
    cycle: Cycle
    currency: StrictStr = Field(max_length=5)


class TrialRequest(TermsRequest):
    """What one wants to try."""

    currency: StrictStr = Field(max_length=5, description="In which it would be paid afterwards.")


class ChangeRequest(PayRequest):
    """What one wants instead, and how one pays the difference."""

    plan: StrictStr = Field(max_length=20)
    cycle: Cycle


class EntitlementsBody(BaseModel):
    """What one may hear."""

    plan: str
    max_kbps: int
    lossless: bool
    until: datetime | None = Field(description="As things stand; null: without an end.")


class SubscriptionBody(BaseModel):
    """A subscription."""

    subscription_id: UUID
    plan: str
    cycle: Cycle
    currency: str
    state: State
    period_start: datetime | None
    period_end: datetime | None
    cancels: bool = Field(description="It ends with its period.")
    next_plan: str | None = Field(description="What it is renewed as, when that is something else.")
    next_cycle: Cycle | None
    renews_by_itself: bool = Field(description="A payment method is kept that renewals charge.")
    failures: int
    next_attempt_at: datetime | None
    entitled_until: datetime | None
    end_reason: EndReason | None
    ended_at: datetime | None


class PaymentDue(BaseModel):
    """A payment under way; follow it at `/api/v1/payments/{payment_id}`."""

    payment_id: UUID
    state: PaymentState
    amount: str
    currency: str
    redirect_url: str | None = Field(description="Where to confirm it, as soon as that is known.")


class StandingBody(BaseModel):
    """How one stands."""

    entitlements: EntitlementsBody
    subscription: SubscriptionBody | None
    due_amount: str | None = Field(description="What waits to be paid, in the subscription's currency.")
    payment: PaymentDue | None
    trial_available: bool


class OrderedBody(BaseModel):
    """A subscription, and the payment that it waits for."""

    subscription: SubscriptionBody
    payment: PaymentDue | None


class QuoteBody(BaseModel):
    """What a change would cost."""

    plan: str
    cycle: Cycle
    at_once: bool = Field(description="Else with the next period, at its full price.")
    worth: str = Field(description="Of the time that it covers.")
    credit: str = Field(description="The unused rest of what was paid.")
    charge: str = Field(description="To be paid now.")
    currency: str
    covers_from: datetime
    covers_until: datetime | None


class ChangedBody(BaseModel):
    """What a change came to."""

    subscription: SubscriptionBody
    quote: QuoteBody | None = Field(description="Null when a planned change was dropped.")
    payment: PaymentDue | None = Field(description="What is to be paid before it takes effect.")


class AttemptBody(BaseModel):
    """A payment for an invoice."""

    payment_id: UUID
    state: AttemptState


class InvoiceBody(BaseModel):
    """What was asked for a period."""

    invoice_id: UUID
    kind: InvoiceKind
    plan: str
    cycle: Cycle
    worth: str
    credit: str
    charge: str
    currency: str
    state: InvoiceState
    covers_from: datetime | None
    covers_until: datetime | None
    made_at: datetime
    paid_at: datetime | None
    payments: list[AttemptBody]


class InvoiceList(BaseModel):
    """Invoices, the newest first."""

    items: list[InvoiceBody]


def entitlements_body(found: Entitlements) -> EntitlementsBody:
    """Return what somebody may hear."""
    return EntitlementsBody(plan=found.plan, max_kbps=found.max_kbps, lossless=found.lossless, until=found.until)


def subscription_body(found: Subscription) -> SubscriptionBody:
    """Return a subscription as its owner sees it."""
    period, following = found.period, found.next_terms
    return SubscriptionBody(
        subscription_id=found.subscription_id,
        plan=found.terms.plan,
        cycle=found.terms.cycle,
        currency=found.currency.code,
        state=found.state,
        period_start=None if period is None else period.start,
        period_end=None if period is None else period.end,
        cancels=found.cancels,
        next_plan=None if following is None else following.plan,
        next_cycle=None if following is None else following.cycle,
        renews_by_itself=found.method_of is not None,
        failures=found.failures,
        next_attempt_at=found.next_attempt_at,
        entitled_until=found.entitled_until,
        end_reason=found.end_reason,
        ended_at=found.ended_at,
    )


def payment_due(view: PaymentView | None) -> PaymentDue | None:
    """Return a payment that waits for its payer."""
    if view is None:
        return None
    return PaymentDue(
        payment_id=view.payment_id,
        state=view.state,
        amount=view.amount.decimal,
        currency=view.amount.currency.code,
        redirect_url=view.redirect_url,
    )


def quote_body(found: Quote) -> QuoteBody:
    """Return what a change would cost."""
    return QuoteBody(
        plan=found.terms.plan,
        cycle=found.terms.cycle,
        at_once=found.at_once,
        worth=found.worth.decimal,
        credit=found.credit.decimal,
        charge=found.charge.decimal,
        currency=found.worth.currency.code,
        covers_from=found.covers.start,
        covers_until=found.covers.end,
    )


def invoice_body(line: InvoiceLine) -> InvoiceBody:
    """Return an invoice with its payments."""
    invoice, covers = line.invoice, line.invoice.covers
    return InvoiceBody(
        invoice_id=invoice.invoice_id,
        kind=invoice.kind,
        plan=invoice.terms.plan,
        cycle=invoice.terms.cycle,
        worth=invoice.worth.decimal,
        credit=invoice.credit.decimal,
        charge=invoice.charge.decimal,
        currency=invoice.worth.currency.code,
        state=invoice.state,
        covers_from=None if covers is None else covers.start,
        covers_until=None if covers is None else covers.end,
        made_at=invoice.made_at,
        paid_at=invoice.paid_at,
        payments=[AttemptBody(payment_id=one.payment_id, state=one.state) for one in line.attempts],
    )
