"""What is sold: plans by name, prices in effect."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.payment.subscriptions.domain.plans import (
    FREE,
    NotSold,
    Plan,
    Price,
    Terms,
    UnknownPlan,
    price_at,
)
from vibestream.contexts.payment.subscriptions.store import plans as store
from vibestream.kernel.money import Currency
from vibestream.platform.database import Tx


async def plans(tx: Tx) -> list[Plan]:
    """Return every plan, the free one first."""
    return await store.list_plans(tx)


async def prices(tx: Tx, *, now: datetime) -> list[Price]:
    """Return the prices that are in effect at an instant, one per plan, cycle and currency."""
    newest: dict[tuple[str, str, str], Price] = {}
    for price in await store.list_prices(tx):  # by when they take effect, so that a later one replaces an earlier
        if price.effective_from <= now:
            newest[price.plan, price.cycle.value, price.amount.currency.code] = price
    return list(newest.values())


async def plan_named(tx: Tx, *, code: str) -> Plan:
    """Return a plan.

    Raises:
        UnknownPlan: there is none of this name.
    """
    for plan in await store.list_plans(tx):
        if plan.code == code:
            return plan
    raise UnknownPlan("There is no such plan.")


async def price_of(tx: Tx, *, terms: Terms, currency: Currency, at: datetime) -> Price:
    """Return what one period costs at an instant.

    Raises:
        UnknownPlan: there is no such plan.
        NotSold: it is free, or not sold so.
    """
    plan = await plan_named(tx, code=terms.plan)
    if plan.code == FREE:
        raise NotSold("The free plan is everybody's: cancel what you have instead.")
    return price_at(await store.list_prices(tx), terms=terms, currency=currency, at=at)
