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


async def _one_code_each(tx: Tx) -> Finding:
    given = await tx.value("SELECT count(*) FROM listen_reward.perk_code WHERE nullifier IS NOT NULL")
    wrong = await tx.values(
        """
        SELECT p.perk_id || ' was opened ' || p.count || ' times and gave ' || c.given || ' codes' FROM (
            SELECT perk_id, count(*) AS count FROM listen_reward.perk_proof GROUP BY perk_id
        ) p JOIN (
            SELECT perk_id, count(nullifier) AS given FROM listen_reward.perk_code GROUP BY perk_id
        ) c USING (perk_id) WHERE p.count <> c.given LIMIT %s
        """,
        [_SHOWN],
    )
    return Finding(ok=not wrong, figure=f"{given:,} codes given", detail="; ".join(wrong))


INVARIANTS: Final = (
    Invariant(
        "fandom.one_code_each",
        "Each proof that opened a perk with codes has one of them, and no two have the same.",
        _one_code_each,
    ),
    Invariant(
        "fandom.opened_by_fans",
        "No perk was opened by more proofs of a day than listeners heard its artist for so long on it.",
        _opened_by_fans,
    ),
)
