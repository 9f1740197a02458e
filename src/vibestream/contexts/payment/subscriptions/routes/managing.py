"""One's own subscription: ordering, paying, changing, cancelling."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.routes.bodies import (
    ChangedBody,
    ChangeRequest,
    InvoiceList,
    OrderedBody,
    OrderRequest,
    PayRequest,
    QuoteBody,
    StandingBody,
    SubscriptionBody,
    TrialRequest,
    entitlements_body,
    invoice_body,
    payment_due,
    quote_body,
    subscription_body,
)
from vibestream.contexts.payment.subscriptions.service import Cycle, Payer, Terms
from vibestream.kernel.money import Currency
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["subscriptions"])
_MINE = "/api/v1/subscription"


@router.get(_MINE, policy=SIGNED_IN)
async def show_subscription(tx: TxDep, principal: PrincipalDep, now: NowDep) -> StandingBody:
    """Return what one may hear, one's own subscription, and what is to be paid for it."""
    found = await service.standing(tx, user_id=principal.user_id, now=now)
    return StandingBody(
        entitlements=entitlements_body(found.entitlements),
        subscription=None if found.subscription is None else subscription_body(found.subscription),
        due_amount=None if found.due is None else found.due.charge.decimal,
        payment=payment_due(found.payment),
        trial_available=found.trial_available,
    )


@router.post(_MINE, policy=SIGNED_IN, status_code=201)
async def order_subscription(
    body: OrderRequest, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> OrderedBody:
    """Order a subscription and start its first payment; it begins when that is confirmed."""
    ordered = await service.subscribe(
        tx,
        user_id=principal.user_id,
        terms=Terms(plan=body.plan, cycle=body.cycle),
        currency=Currency.of(body.currency),
        payer=_payer(body, request, principal),
        now=now,
    )
    return OrderedBody(subscription=subscription_body(ordered.subscription), payment=payment_due(ordered.payment))


@router.post(f"{_MINE}/trial", policy=SIGNED_IN, status_code=201)
async def start_trial(body: TrialRequest, tx: TxDep, principal: PrincipalDep, now: NowDep) -> SubscriptionBody:
    """Begin a plan's trial, which everybody has once. It ends by itself, and nothing is charged."""
    begun = await service.start_trial(
        tx,
        user_id=principal.user_id,
        terms=Terms(plan=body.plan, cycle=body.cycle),
        currency=Currency.of(body.currency),
        now=now,
    )
    return subscription_body(begun)


@router.post(f"{_MINE}/payments", policy=SIGNED_IN, status_code=201)
async def pay_subscription(
    body: PayRequest, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> OrderedBody:
    """Pay what is due for one's subscription, or go on with a payment under way."""
    ordered = await service.pay(tx, user_id=principal.user_id, payer=_payer(body, request, principal), now=now)
    return OrderedBody(subscription=subscription_body(ordered.subscription), payment=payment_due(ordered.payment))


@router.get(f"{_MINE}/change", policy=SIGNED_IN)
async def quote_change(
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    plan: Annotated[str, Query(max_length=20)],
    cycle: Annotated[Cycle, Query()],
) -> QuoteBody:
    """Return what changing one's subscription would cost now."""
    found = await service.quote_change(tx, user_id=principal.user_id, terms=Terms(plan=plan, cycle=cycle), now=now)
    return quote_body(found)


@router.post(f"{_MINE}/change", policy=SIGNED_IN)
async def change_subscription(
    body: ChangeRequest, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> ChangedBody:
    """Change one's subscription: at once when its difference is paid, or with the next period."""
    changed = await service.change_plan(
        tx,
        user_id=principal.user_id,
        terms=Terms(plan=body.plan, cycle=body.cycle),
        payer=_payer(body, request, principal),
        now=now,
    )
    return ChangedBody(
        subscription=subscription_body(changed.subscription),
        quote=None if changed.quote is None else quote_body(changed.quote),
        payment=payment_due(changed.payment),
    )


@router.post(f"{_MINE}/cancel", policy=SIGNED_IN)
async def cancel_subscription(tx: TxDep, principal: PrincipalDep, now: NowDep) -> SubscriptionBody:
    """End one's subscription with its period."""
    return subscription_body(await service.cancel(tx, user_id=principal.user_id, now=now))


@router.post(f"{_MINE}/undo-cancel", policy=SIGNED_IN)
async def undo_cancel(tx: TxDep, principal: PrincipalDep, now: NowDep) -> SubscriptionBody:
    """Let one's subscription go on after all."""
    return subscription_body(await service.undo_cancel(tx, user_id=principal.user_id, now=now))


@router.get(f"{_MINE}/invoices", policy=SIGNED_IN)
async def list_invoices(tx: TxDep, principal: PrincipalDep, now: NowDep) -> InvoiceList:
    """Return the invoices of one's subscription, the newest first."""
    found = (await service.standing(tx, user_id=principal.user_id, now=now)).subscription
    if found is None:
        return InvoiceList(items=[])
    lines = await service.invoices_of(tx, subscription_id=found.subscription_id)
    return InvoiceList(items=[invoice_body(line) for line in lines])


def _payer(body: PayRequest, request: Request, principal: Principal) -> Payer:
    return Payer(
        return_to=body.return_to,
        keep_method=body.keep_method,
        country=body.country,
        gateway=body.gateway,
        network=None if request.client is None else request.client.host,
        device=str(principal.session_id),
    )
