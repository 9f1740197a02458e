"""Quotes, and those that were carried out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from vibestream.contexts.payment.exchange.domain.quotes import Exchange, Quote
from vibestream.contexts.payment.exchange.store.rates import rate_of_row
from vibestream.kernel.ids import TransactionId, UserId
from vibestream.kernel.money import VIBE, Currency, Money
from vibestream.platform.database import Tx


async def lock_person(tx: Tx, user_id: UserId) -> None:
    """Let one exchange of a person at a time go on: what they redeemed so far is counted under it."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('payment.exchange:' || %s, 0))", [str(user_id)])


async def insert_quote(tx: Tx, quote: Quote) -> None:
    """Add a quote."""
    await tx.execute(
        """
        INSERT INTO payment.exchange_quote
            (quote_id, user_id, sell_currency, sell, buy_currency, buy, rate_id, quoted_at, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            *(quote.quote_id, quote.user_id, quote.sell.currency.code, quote.sell.minor, quote.buy.currency.code),
            *(quote.buy.minor, quote.rate.rate_id, quote.quoted_at, quote.expires_at),
        ],
    )


async def load_quote(tx: Tx, quote_id: UUID, *, user_id: UserId | None) -> Quote | None:
    """Return a quote, when it was made to this person; None for whoever it was made to."""
    return await tx.one(
        _quote,
        """
        SELECT q.quote_id, q.user_id, q.sell_currency, q.sell, q.buy_currency, q.buy, q.quoted_at, q.expires_at,
            r.rate_id, r.base, r.quote, r.value_e10, r.spread_bp, r.source, r.effective_from, r.effective_until
        FROM payment.exchange_quote q JOIN payment.exchange_rate r ON r.rate_id = q.rate_id
        WHERE q.quote_id = %(quote)s AND (%(user)s::uuid IS NULL OR q.user_id = %(user)s)
        """,
        {"quote": quote_id, "user": user_id},
    )


async def insert_exchange(tx: Tx, exchange: Exchange) -> None:
    """Note that a quote was carried out."""
    await tx.execute(
        """
        INSERT INTO payment.exchange (quote_id, user_id, transaction_id, executed_at) VALUES (%s, %s, %s, %s)
        """,
        [exchange.quote.quote_id, exchange.quote.user_id, exchange.transaction_id, exchange.executed_at],
    )


async def load_exchange(tx: Tx, quote: Quote) -> Exchange | None:
    """Return what became of a quote when it was carried out."""

    def into(*, transaction_id: TransactionId, executed_at: datetime) -> Exchange:
        return Exchange(quote, transaction_id, executed_at)

    return await tx.one(
        into, "SELECT transaction_id, executed_at FROM payment.exchange WHERE quote_id = %s", [quote.quote_id]
    )


async def redeemed_since(tx: Tx, user_id: UserId, instant: datetime) -> Money:
    """Return how many points a person redeemed from an instant on, less what was reversed."""
    minor = await tx.value(
        """
        SELECT coalesce(sum(q.sell), 0)::bigint
        FROM payment.exchange x JOIN payment.exchange_quote q ON q.quote_id = x.quote_id
        WHERE x.user_id = %s AND x.executed_at > %s AND q.sell_currency = 'VIBE'
            AND NOT EXISTS (SELECT FROM payment.transaction t WHERE t.reverses = x.transaction_id)
        """,
        [user_id, instant],
    )
    return Money(int(minor), VIBE)


def _quote(
    *,
    quote_id: UUID,
    user_id: UserId,
    sell_currency: str,
    sell: int,
    buy_currency: str,
    buy: int,
    quoted_at: datetime,
    expires_at: datetime,
    **rate: Any,
) -> Quote:
    given, got = Money(sell, Currency.of(sell_currency)), Money(buy, Currency.of(buy_currency))
    return Quote(quote_id, user_id, given, got, rate_of_row(**rate), quoted_at, expires_at)
