"""Queries about subscriptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentView
from vibestream.contexts.payment.subscriptions.domain.invoices import Attempt, Invoice
from vibestream.contexts.payment.subscriptions.domain.plans import Entitlements
from vibestream.contexts.payment.subscriptions.domain.subscription import Subscription
from vibestream.contexts.payment.subscriptions.service.announcing import entitlements
from vibestream.contexts.payment.subscriptions.store import invoices, subscriptions
from vibestream.kernel.ids import SubscriptionId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How somebody stands with subscriptions."""

    entitlements: Entitlements
    """Of their own or a shared subscription, whichever is better."""
    subscription: Subscription | None
    """Their own: the live one, else the last they had; None when they never had one."""
    due: Invoice | None
    """What waits to be paid."""
    payment: PaymentView | None
    """The last payment that was started for it; its payer confirms it at `redirect_url`, while it is pending."""
    trial_available: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """An invoice with the payments made for it, the newest first."""

    invoice: Invoice
    attempts: tuple[Attempt, ...]


async def standing(tx: Tx, *, user_id: UserId, now: datetime) -> Standing:
    """Return how somebody stands: what they may hear, their subscription, what is to be paid."""
    found = await subscriptions.load_newest_of(tx, user_id=user_id)
    due, payment = None, None
    if found is not None and found.live:
        due = await invoices.load_open(tx, subscription_id=found.subscription_id)
    if due is not None:
        attempts = await invoices.list_attempts(tx, invoice_id=due.invoice_id)
        payment = await checkout.payment(tx, payment_id=attempts[0].payment_id) if attempts else None
    return Standing(
        entitlements=await entitlements(tx, user_id=user_id, now=now),
        subscription=found,
        due=due,
        payment=payment,
        trial_available=not await subscriptions.had_trial(tx, user_id=user_id),
    )


async def subscription(tx: Tx, *, subscription_id: SubscriptionId) -> Subscription | None:
    """Return a subscription, for those who look after money; None when there is none."""
    return await subscriptions.load_subscription(tx, subscription_id=subscription_id)


async def invoices_of(tx: Tx, *, subscription_id: SubscriptionId, limit: int = 100) -> list[InvoiceLine]:
    """Return a subscription's invoices, the newest first, each with its payments."""
    return [
        InvoiceLine(invoice=one, attempts=tuple(await invoices.list_attempts(tx, invoice_id=one.invoice_id)))
        for one in await invoices.list_invoices(tx, subscription_id=subscription_id, limit=limit)
    ]
