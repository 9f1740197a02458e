"""Rates, each kept for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from vibestream.contexts.payment.exchange.domain.rates import Rate
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class RateSet:
    """A rate, and who set it when."""

    rate: Rate
    set_by: UserId | None
    recorded_at: datetime


async def insert_rate(tx: Tx, rate: Rate, *, set_by: UserId | None) -> bool:
    """Add a rate, and say whether that was possible: its pair may have one from the same instant on, or it is there."""
    return bool(
        await tx.execute(
            """
            INSERT INTO payment.exchange_rate
                (rate_id, base, quote, value_e10, spread_bp, source, effective_from, effective_until, set_by)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT DO NOTHING
            """,
            [
                *(rate.rate_id, rate.base.code, rate.quote.code, rate.value_e10, rate.spread_bp, rate.source),
                *(rate.effective_from, rate.effective_until, set_by),
            ],
        )
    )


async def load_rate_at(tx: Tx, base: Currency, quote: Currency, instant: datetime) -> Rate | None:
    """Return the newest rate of a pair that has begun at an instant, ended or not."""
    return await tx.one(
        rate_of_row,
        """
        SELECT rate_id, base, quote, value_e10, spread_bp, source, effective_from, effective_until
        FROM payment.exchange_rate
        WHERE base = %s AND quote = %s AND effective_from <= %s ORDER BY effective_from DESC LIMIT 1
        """,
        [base.code, quote.code, instant],
    )


async def load_rate(tx: Tx, rate_id: UUID) -> Rate | None:
    """Return a rate by its id."""
    return await tx.one(
        rate_of_row,
        """
        SELECT rate_id, base, quote, value_e10, spread_bp, source, effective_from, effective_until
        FROM payment.exchange_rate WHERE rate_id = %s
        """,
        [rate_id],
    )


async def list_rates_set(tx: Tx, *, before: tuple[datetime, UUID] | None, limit: int) -> list[RateSet]:
    """Return rates with who set them, those that begin latest first; only those before an instant and an id."""
    at, rate_id = before or (None, None)
    return await tx.all(
        _rate_set,
        """
        SELECT rate_id, base, quote, value_e10, spread_bp, source, effective_from, effective_until, set_by, recorded_at
        FROM payment.exchange_rate
        WHERE %(at)s::timestamptz IS NULL OR (effective_from, rate_id) < (%(at)s, %(id)s::uuid)
        ORDER BY effective_from DESC, rate_id DESC LIMIT %(limit)s
        """,
        {"at": at, "id": rate_id, "limit": limit},
    )


async def list_rates(tx: Tx, *, before: datetime | None, limit: int) -> list[Rate]:
    """Return rates of all pairs, those that begin latest first."""
    return await tx.all(
        rate_of_row,
        """
        SELECT rate_id, base, quote, value_e10, spread_bp, source, effective_from, effective_until
        FROM payment.exchange_rate
        WHERE %(before)s::timestamptz IS NULL OR effective_from < %(before)s
        ORDER BY effective_from DESC, base, quote LIMIT %(limit)s
        """,
        {"before": before, "limit": limit},
    )


async def list_rates_at(tx: Tx, instant: datetime) -> list[Rate]:
    """Return the rate of each pair that is good at an instant."""
    newest = await tx.all(
        rate_of_row,
        """
        SELECT DISTINCT ON (base, quote)
            rate_id, base, quote, value_e10, spread_bp, source, effective_from, effective_until
        FROM payment.exchange_rate WHERE effective_from <= %s ORDER BY base, quote, effective_from DESC
        """,
        [instant],
    )
    return [rate for rate in newest if rate.is_good_at(instant)]


def rate_of_row(
    *,
    rate_id: UUID,
    base: str,
    quote: str,
    value_e10: int,
    spread_bp: int,
    source: str,
    effective_from: datetime,
    effective_until: datetime | None,
) -> Rate:
    """Return a row as a rate."""
    pair = Currency.of(base), Currency.of(quote)
    return Rate(rate_id, *pair, value_e10, spread_bp, source, effective_from, effective_until)


def _rate_set(*, set_by: UserId | None, recorded_at: datetime, **row: Any) -> RateSet:
    return RateSet(rate_of_row(**row), set_by, recorded_at)
