"""Plans and prices: data that migrations write."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.payment.subscriptions.domain.plans import Cycle, Plan, Price
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


async def list_plans(tx: Tx) -> list[Plan]:
    """Return every plan, by rank."""
    return await tx.all(
        Plan,
        "SELECT code, rank, name, max_kbps, lossless, seats, trial_days FROM payment.plan ORDER BY rank",
    )


async def list_prices(tx: Tx) -> list[Price]:
    """Return every price there was, is and will be."""
    return await tx.all(
        _price,
        """
        SELECT plan, cycle, currency, effective_from, amount, least_charge FROM payment.plan_price
        ORDER BY plan, cycle, currency, effective_from
        """,
    )


def _price(*, plan: str, cycle: str, currency: str, effective_from: datetime, amount: int, least_charge: int) -> Price:
    of = Currency.of(currency)
    return Price(
        plan=plan,
        cycle=Cycle(cycle),
        amount=Money(amount, of),
        least_charge=Money(least_charge, of),
        effective_from=effective_from,
    )
