"""What is sold."""

from __future__ import annotations

from pydantic import BaseModel, Field

from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.service import Cycle
from vibestream.platform.access import ANYONE
from vibestream.platform.http.dependencies import NowDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["subscriptions"])


class PriceBody(BaseModel):
    """What one period costs."""

    cycle: Cycle
    amount: str
    currency: str


class PlanBody(BaseModel):
    """A plan, and what it costs now."""

    code: str
    name: str
    rank: int = Field(description="A higher one includes what a lower one has.")
    max_kbps: int = Field(description="The best lossy quality.")
    lossless: bool
    seats: int = Field(description="How many accounts share it, its owner included.")
    trial_days: int
    prices: list[PriceBody] = Field(description="None for what is free.")


class PlanList(BaseModel):
    """What is sold."""

    items: list[PlanBody]


@router.get("/api/v1/plans", policy=ANYONE)
async def list_plans(tx: TxDep, now: NowDep) -> PlanList:
    """Return the plans, the free one first, with the prices in effect."""
    prices = await service.prices(tx, now=now)
    return PlanList(
        items=[
            PlanBody(
                code=plan.code,
                name=plan.name,
                rank=plan.rank,
                max_kbps=plan.max_kbps,
                lossless=plan.lossless,
                seats=plan.seats,
                trial_days=plan.trial_days,
                prices=[
                    PriceBody(cycle=one.cycle, amount=one.amount.decimal, currency=one.amount.currency.code)
                    for one in prices
                    if one.plan == plan.code
                ],
            )
            for plan in await service.plans(tx)
        ]
    )
