"""What must always hold of perks: a proof is of a receipt, so none opened one more often than there were receipts that could."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _opened_by_fans(tx: Tx) -> Finding:
    total = await tx.value("SELECT count(*) FROM listen_reward.perk_proof")
    wrong = await tx.values(
        """
        SELECT opened.perk_id || ' by ' || opened.count || ' of ' || fans.count FROM (
            SELECT perk_id, epoch, count(*) AS count FROM listen_reward.perk_proof GROUP BY perk_id, epoch
        ) opened JOIN listen_reward.perk USING (perk_id)
        CROSS JOIN LATERAL (
            SELECT count(*) AS count FROM listen_reward.receipt r
            WHERE r.artist_id = perk.artist_id AND r.epoch = opened.epoch AND r.seconds >= perk.least_s
        ) fans
        WHERE opened.count > fans.count LIMIT %s
        """,
        [_SHOWN],
    )
    return Finding(ok=not wrong, figure=f"{total:,} openings of perks", detail="; ".join(wrong))


INVARIANTS: Final = (
    Invariant(
        "fandom.opened_by_fans",
        "No perk was opened by more proofs of a day than listeners heard its artist for so long on it.",
        _opened_by_fans,
    ),
)
