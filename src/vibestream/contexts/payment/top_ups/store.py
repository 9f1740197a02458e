"""The bounds of top-ups: data that migrations write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most of one top-up."""

    minimum: Money
    maximum: Money


async def list_bounds(tx: Tx, *, now: datetime) -> list[Bounds]:
    """Return the bounds in effect, one per currency, by its code."""
    return await tx.all(
        _bounds,
        """
        SELECT DISTINCT ON (currency) currency, minimum, maximum FROM payment.top_up_policy
        WHERE effective_from <= %s ORDER BY currency, effective_from DESC
        """,
        [now],
    )


def _bounds(*, currency: str, minimum: int, maximum: int) -> Bounds:
    of = Currency.of(currency)
    return Bounds(Money(minimum, of), Money(maximum, of))
