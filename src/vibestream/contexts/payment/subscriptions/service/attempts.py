"""Payments for an invoice: starting one, charging a stored method, calling off what nobody waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import NotCancellable, PaymentView, Purpose
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.subscriptions.domain.invoices import AttemptState, Invoice
from vibestream.contexts.payment.subscriptions.domain.subscription import Subscription
from vibestream.contexts.payment.subscriptions.service.selling import plan_named
from vibestream.contexts.payment.subscriptions.store import invoices
from vibestream.kernel.ids import PaymentId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """How somebody who is here pays."""

    return_to: str
    """A page of this site to come back to."""
    keep_method: bool = True
    """Keep the method for renewals, where the gateway can."""
    email: str | None = None
    country: str | None = None
    gateway: GatewayName | None = None
    network: str | None = None
    device: str | None = None


async def attempt_in_person(
    tx: Tx, *, subscription: Subscription, invoice: Invoice, payer: Payer, now: datetime
) -> PaymentView:
    """Start a payment of an invoice that its payer confirms, or return the one under way that can still be confirmed.

    One that stands at another gateway than the payer wants now is called off first; should its money come all the same,
    it goes to the payer's wallet.
    """
    attempts = await invoices.list_attempts(tx, invoice_id=invoice.invoice_id)
    for attempt in attempts:
        if attempt.state is not AttemptState.OPEN:
            continue
        known = await checkout.payment(tx, payment_id=attempt.payment_id)
        wanted = payer.gateway in {None, known.gateway}
        if known.state not in checkout.ENDED and (wanted or known.state in checkout.ARRIVED):
            return known
        await _call_off(tx, payment_id=attempt.payment_id, user_id=subscription.user_id)
    number = attempts[0].number + 1 if attempts else 1
    started = await checkout.start(
        tx,
        key=_key(invoice, number),
        user_id=subscription.user_id,
        purpose=Purpose.SUBSCRIPTION,
        subject=str(subscription.subscription_id),
        amount=invoice.charge,
        description=await _description(tx, invoice),
        return_to=payer.return_to,
        payer_email=payer.email,
        country=payer.country,
        gateway=payer.gateway,
        keep_method=payer.keep_method,
        network=payer.network,
        device=payer.device,
    )
    await invoices.insert_attempt(
        tx,
        payment_id=started.payment_id,
        invoice_id=invoice.invoice_id,
        number=number,
        keeps_method=payer.keep_method,
        at=now,
    )
    return started


async def attempt_by_method(
    tx: Tx, *, subscription: Subscription, invoice: Invoice, method_of: PaymentId, now: datetime
) -> PaymentView:
    """Start a payment of an invoice by a stored method, its owner being away.

    Raises:
        MethodNotKept: the earlier payment left no method.
    """
    attempts = await invoices.list_attempts(tx, invoice_id=invoice.invoice_id)
    number = attempts[0].number + 1 if attempts else 1
    started = await checkout.charge_stored(
        tx,
        key=_key(invoice, number),
        user_id=subscription.user_id,
        purpose=Purpose.SUBSCRIPTION,
        subject=str(subscription.subscription_id),
        amount=invoice.charge,
        description=await _description(tx, invoice),
        of_payment=method_of,
    )
    await invoices.insert_attempt(
        tx, payment_id=started.payment_id, invoice_id=invoice.invoice_id, number=number, keeps_method=False, at=now
    )
    return started


async def under_way(tx: Tx, *, invoice: Invoice) -> bool:
    """Say whether a payment of an invoice may still come in."""
    for attempt in await invoices.list_attempts(tx, invoice_id=invoice.invoice_id):
        if attempt.state is AttemptState.OPEN:
            known = await checkout.payment(tx, payment_id=attempt.payment_id)
            if known.state not in checkout.ENDED:
                return True
    return False


async def void_open(tx: Tx, *, subscription: Subscription) -> None:
    """Let nobody pay what is open for a subscription any more, and call off the payments under way for it."""
    for payment_id in await invoices.void_open(tx, subscription_id=subscription.subscription_id):
        await _call_off(tx, payment_id=payment_id, user_id=subscription.user_id)


async def _call_off(tx: Tx, *, payment_id: PaymentId, user_id: UserId) -> None:
    try:
        await checkout.cancel(tx, payment_id=payment_id, user_id=user_id)
    except NotCancellable:
        return  # its money came; its news is on the way here, and finds nobody waiting


async def _description(tx: Tx, invoice: Invoice) -> str:
    plan = await plan_named(tx, code=invoice.terms.plan)
    return f"VibeStream {plan.name}, {invoice.terms.cycle.value}"


def _key(invoice: Invoice, number: int) -> str:
    return f"subscription:{invoice.invoice_id}:{number}"
