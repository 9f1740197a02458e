"""What must always hold of listens."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _accepted_is_proven(tx: Tx) -> Finding:
    accepted = await tx.value("SELECT count(*) FROM listen_reward.listen WHERE state = 'accepted'")
    wrong = await tx.values(
        """
        SELECT l.listen_id FROM listen_reward.listen l JOIN listen_reward.track t USING (track_id)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(upper(span) - lower(span)), 0) AS ms
            FROM unnest(CASE WHEN l.attributed THEN l.heard * l.served ELSE l.heard END) AS span
        ) AS proven
        WHERE l.state = 'accepted'
            AND (l.attributed IS NULL OR proven.ms < least(30000, greatest(t.duration_ms / 2, 1)))
        LIMIT 5
        """,
    )
    return Finding(ok=not wrong, figure=f"{accepted} accepted listens", detail=", ".join(map(str, wrong)))


async def _one_live(tx: Tx) -> Finding:
    live = await tx.value("SELECT count(*) FROM listen_reward.listen WHERE live")
    listeners = await tx.value("SELECT count(DISTINCT user_id) FROM listen_reward.listen WHERE live")
    return Finding(ok=live == listeners, figure=f"{live} live listens of {listeners} listeners")


INVARIANTS: Final = (
    Invariant(
        "listening.accepted_is_proven",
        "Every accepted listen has enough distinct audio, at the pace of time and within what was served to it.",
        _accepted_is_proven,
    ),
    Invariant("listening.one_live", "An account has at most one live listen.", _one_live),
)
