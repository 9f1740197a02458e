"""Where points are, from the balances of the accounts in VIBE."""

from __future__ import annotations

from decimal import Decimal

from vibestream.contexts.payment.exchange.domain.points import Points
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx

EXPIRED = "expired"
"""The subject of the account of points that will never come back."""


async def lock_liability(tx: Tx) -> None:
    """Let one transaction at a time change what is set aside for points: the account alone would not make them wait."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('payment.points_liability', 0))")


async def load_points(tx: Tx) -> Points:
    """Return where points are now."""
    rows = await tx.all(
        _place,
        """
        SELECT kind, subject, sum(posted) AS posted FROM payment.account_balance
        WHERE currency = 'VIBE' AND kind IN ('issuance', 'reward_pool', 'pool_source', 'redeemed')
        GROUP BY kind, subject
        """,
    )

    def of(kind: str, subject: str | None = None) -> int:
        return sum(posted for found, about, posted in rows if found == kind and subject in {None, about})

    return Points(
        issued=Money(-of("issuance"), VIBE),
        in_pools=Money(of("reward_pool") + of("pool_source"), VIBE),
        redeemed=Money(of("redeemed", ""), VIBE),
        expired=Money(of("redeemed", EXPIRED), VIBE),
    )


def _place(*, kind: str, subject: str, posted: Decimal) -> tuple[str, str, int]:
    return kind, subject, int(posted)
