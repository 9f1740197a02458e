"""Subscriptions for those who look after money."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.routes.bodies import (
    InvoiceBody,
    SubscriptionBody,
    invoice_body,
    subscription_body,
)
from vibestream.contexts.payment.subscriptions.service import NotAMonth, SubscriptionMissing
from vibestream.kernel.ids import SubscriptionId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["finance"])
_FINANCE = holds("finance")
_MONTH = re.compile(r"2[0-9]{3}-(0[1-9]|1[0-2])")


class SubscriptionTraced(BaseModel):
    """A subscription with its invoices and their payments."""

    user_id: UUID
    subscription: SubscriptionBody
    invoices: list[InvoiceBody]


class RestRefundRequest(BaseModel):
    """Why the rest is given back."""

    model_config = ConfigDict(extra="forbid")

    reason: StrictStr = Field(min_length=1, max_length=200)


class RestRefunded(BaseModel):
    """What was given back."""

    amount: str
    currency: str


class SubscriberRevenueBody(BaseModel):
    """What one listener's subscription brought in."""

    user_id: UUID
    gross: str
    fees: str


class MonthRevenueBody(BaseModel):
    """What subscriptions brought in for a month."""

    month: date
    currency: str
    gross: str
    fees: str
    subscribers: list[SubscriberRevenueBody]


@router.get("/api/v1/operations/subscriptions/{subscription_id}", policy=_FINANCE)
async def trace_subscription(subscription_id: UUID, tx: TxDep) -> SubscriptionTraced:
    """Return a subscription with its invoices and their payments."""
    found = await service.subscription(tx, subscription_id=SubscriptionId(subscription_id))
    if found is None:
        raise SubscriptionMissing("There is no such subscription.")
    lines = await service.invoices_of(tx, subscription_id=found.subscription_id)
    return SubscriptionTraced(
        user_id=found.user_id,
        subscription=subscription_body(found),
        invoices=[invoice_body(line) for line in lines],
    )


@router.post("/api/v1/operations/subscriptions/{subscription_id}/refunds", policy=_FINANCE, status_code=202)
async def refund_rest(
    subscription_id: UUID,
    body: RestRefundRequest,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    _key: IdempotencyDep,
) -> RestRefunded:
    """End a subscription now and give back what is left of its period."""
    given = await service.refund_unused(
        tx,
        subscription_id=SubscriptionId(subscription_id),
        requested_by=principal.user_id,
        reason=body.reason,
        now=now,
    )
    return RestRefunded(amount=given.decimal, currency=given.currency.code)


@router.get("/api/v1/operations/subscription-revenue/{month}", policy=_FINANCE)
async def show_revenue(
    month: str, tx: TxDep, currency: Annotated[str, Query(max_length=5)] = "EUR"
) -> MonthRevenueBody:
    """Return what subscriptions brought in for a month such as `2026-11`, by listener."""
    if _MONTH.fullmatch(month) is None:
        raise NotAMonth("A month is written such as 2026-11.")
    first, of = date.fromisoformat(f"{month}-01"), Currency.of(currency)
    found = await service.revenue_of_month(tx, month=first, currency=of)
    return MonthRevenueBody(
        month=first,
        currency=of.code,
        gross=Money(sum(one.gross.minor for one in found), of).decimal,
        fees=Money(sum(one.fees.minor for one in found), of).decimal,
        subscribers=[
            SubscriberRevenueBody(user_id=one.user_id, gross=one.gross.decimal, fees=one.fees.decimal) for one in found
        ],
    )
