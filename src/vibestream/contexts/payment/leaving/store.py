"""Counting what of somebody's money is not over."""

from __future__ import annotations

from vibestream.contexts.payment.leaving.domain import UnderWay
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def count_under_way(tx: Tx, *, user_id: UserId, holds: int) -> UnderWay:
    """Return how many of somebody's movements of money are not over, with so many holds."""
    found = await tx.one(
        UnderWay,
        """
        SELECT count(*) FILTER (WHERE state IN ('created', 'pending', 'authorised', 'unknown') OR unexplained) AS payments,
            count(*) FILTER (WHERE refunding > refunded) AS refunds,
            count(*) FILTER (WHERE state = 'disputed' AND (
                SELECT count(*) FILTER (WHERE type = 'dispute_opened') > count(*) FILTER (WHERE type = 'dispute_decided')
                FROM payment.payment_event event WHERE event.payment_id = payment_view.payment_id)) AS disputes,
            (SELECT count(*) FROM payment.payout WHERE user_id = %(user_id)s
                AND state NOT IN ('paid', 'returned', 'failed', 'rejected')) AS payouts,
            %(holds)s::bigint AS holds
        FROM payment.payment_view WHERE user_id = %(user_id)s
        """,
        {"user_id": user_id, "holds": holds},
    )
    assert found is not None  # noqa: S101 - an aggregate has one row
    return found
