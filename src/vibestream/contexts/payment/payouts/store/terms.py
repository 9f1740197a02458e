"""The terms of payouts, and what payees have."""

from __future__ import annotations

from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.payouts.domain.terms import Terms
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


async def list_terms(tx: Tx) -> list[Terms]:
    """Return all terms, by method and currency."""
    return await tx.all(
        _terms,
        """
        SELECT method, currency, minimum, fee, fee_bp, four_eyes_above FROM payment.payout_terms
        ORDER BY method, currency
        """,
    )


async def load_terms(tx: Tx, *, method: GatewayName, currency: Currency) -> Terms | None:
    """Return the terms of a method in a currency, None when it does not pay out in it."""
    return await tx.one(
        _terms,
        """
        SELECT method, currency, minimum, fee, fee_bp, four_eyes_above FROM payment.payout_terms
        WHERE method = %s AND currency = %s
        """,
        [method.value, currency.code],
    )


async def list_due(
    tx: Tx, *, after: tuple[UserId, str] | None, request_prefix: str, limit: int
) -> list[tuple[UserId, Currency]]:
    """Return payees whose balance reaches the minimum of their destination's method and who had no payout of this run.

    Args:
        tx: the transaction.
        after: the last one returned before; None: from the beginning.
        request_prefix: the run, as its payouts' request keys begin.
        limit: how many at most.
    """
    return await tx.all(
        _due,
        """
        SELECT destination.user_id, balance.currency
        FROM payment.payout_destination destination
        JOIN payment.account_balance balance
            ON balance.kind = 'royalties_available' AND balance.subject = destination.user_id::text
        JOIN payment.payout_terms terms
            ON terms.method = destination.method AND terms.currency = balance.currency
        WHERE destination.replaced_at IS NULL AND destination.ready AND balance.posted - balance.held >= terms.minimum
            AND (%(after)s::uuid IS NULL
                OR (destination.user_id, balance.currency) > (%(after)s::uuid, %(after_currency)s::text))
            AND NOT EXISTS (
                SELECT FROM payment.payout earlier
                WHERE earlier.request_key = %(prefix)s || destination.user_id::text || ':' || balance.currency
            )
        ORDER BY destination.user_id, balance.currency
        LIMIT %(limit)s
        """,
        {
            "after": after[0] if after else None,
            "after_currency": after[1] if after else "",
            "prefix": request_prefix,
            "limit": limit,
        },
    )


def _due(*, user_id: UserId, currency: str) -> tuple[UserId, Currency]:
    return user_id, Currency.of(currency)


def _terms(*, method: str, currency: str, minimum: int, fee: int, fee_bp: int, four_eyes_above: int) -> Terms:
    known = Currency.of(currency)
    return Terms(
        method=GatewayName(method),
        minimum=Money(minimum, known),
        fee=Money(fee, known),
        fee_bp=fee_bp,
        four_eyes_above=Money(four_eyes_above, known),
    )
