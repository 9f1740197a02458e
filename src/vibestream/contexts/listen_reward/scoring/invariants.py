"""What must always hold of scores and cases."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _states_agree(tx: Tx) -> Finding:
    scored = await tx.value("SELECT count(*) FROM listen_reward.score")
    wrong = await tx.values(
        """
        SELECT s.listen_id FROM listen_reward.score s JOIN listen_reward.listen l USING (listen_id)
        LEFT JOIN listen_reward.held_listen h USING (listen_id) LEFT JOIN listen_reward.held_case c USING (case_id)
        WHERE l.state <> CASE
            WHEN s.verdict = 'accept' OR c.state = 'released' THEN 'accepted'
            WHEN s.verdict = 'reject' OR c.state = 'rejected' THEN 'rejected'
            ELSE 'held' END
            OR (s.verdict = 'accept') <> (c.case_id IS NULL) OR c.user_id <> l.user_id
        LIMIT 5
        """
    )
    return Finding(ok=not wrong, figure=f"{scored} scores", detail=", ".join(map(str, wrong)))


async def _held_is_unpaid(tx: Tx) -> Finding:
    waiting = await tx.value("SELECT count(*) FROM listen_reward.listen WHERE state IN ('held', 'rejected')")
    paid = await tx.values(
        """
        SELECT r.listen_id FROM listen_reward.listen l JOIN listen_reward.reward r USING (listen_id)
        WHERE l.state IN ('held', 'rejected') LIMIT 5
        """
    )
    late = await tx.value("SELECT count(*) FROM listen_reward.held_case WHERE state = 'open' AND due_at < now()")
    return Finding(
        ok=not paid, figure=f"{waiting} held or rejected, {late} cases late", detail=", ".join(map(str, paid))
    )


INVARIANTS: Final = (
    Invariant(
        "scoring.states_agree",
        "Every scored listen is what its score and its case say; what was not accepted is in one case of its listener.",
        _states_agree,
    ),
    Invariant("scoring.held_is_unpaid", "No held or rejected listen has a reward or a receipt.", _held_is_unpaid),
)
