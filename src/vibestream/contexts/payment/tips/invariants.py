"""What must always hold of tips: a tip that was paid gave the artist and the platform exactly their parts."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _paid_as_they_say(tx: Tx) -> Finding:
    paid = await tx.value("SELECT count(*) FROM payment.tip WHERE transaction_id IS NOT NULL")
    wrong = await tx.values(
        """
        SELECT 'tip ' || tip.tip_id || ' of ' || tip.amount || ' gave its artist ' || coalesce(gained.artist, 0)
            || ' and the platform ' || coalesce(gained.platform, 0)
        FROM payment.tip tip
        LEFT JOIN LATERAL (
            SELECT
                sum(entry.amount) FILTER (WHERE account.kind = 'royalties_pending' AND account.subject = tip.payee::text)
                    AS artist,
                sum(entry.amount) FILTER (WHERE account.kind = 'platform_revenue' AND account.subject = 'tips')
                    AS platform
            FROM payment.entry entry JOIN payment.account account ON account.id = entry.account_id
            WHERE entry.transaction_id = tip.transaction_id
        ) AS gained ON true
        WHERE tip.transaction_id IS NOT NULL
            AND (coalesce(gained.artist, 0), coalesce(gained.platform, 0))
                <> (tip.amount - tip.platform_share, tip.platform_share)
        LIMIT %s
        """,
        [_SHOWN],
    )
    return Finding(ok=not wrong, figure=f"{paid} paid tips", detail="; ".join(wrong))


INVARIANTS: Final = (
    Invariant(
        "tips.paid_as_they_say",
        "Every tip that was paid gave its artist and the platform exactly their parts of it, in one transaction.",
        _paid_as_they_say,
    ),
)
