"""What must always hold of reward pools."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _within_budget(tx: Tx) -> Finding:
    epochs = await tx.value("SELECT count(*) FROM listen_reward.epoch")
    granted = await tx.value("SELECT coalesce(sum(amount), 0)::bigint FROM listen_reward.earned")
    wrong = await tx.values(
        """
        SELECT e.epoch FROM listen_reward.epoch e
        LEFT JOIN (SELECT epoch, sum(amount) AS amount FROM listen_reward.earned GROUP BY epoch) r USING (epoch)
        WHERE e.granted <> coalesce(r.amount, 0) OR e.granted > e.budget
        ORDER BY e.epoch LIMIT 5
        """,
    )
    return Finding(
        ok=not wrong, figure=f"{epochs} epochs, {granted} minor VIBE granted", detail=", ".join(map(str, wrong))
    )


async def _accepted_once(tx: Tx) -> Finding:
    # The primary key gives "at most one"; what is left to check is that nothing was decided about other listens.
    decided = await tx.value("SELECT count(*) FROM listen_reward.reward")
    foreign = await tx.value(
        """
        SELECT count(*) FROM listen_reward.reward r LEFT JOIN listen_reward.listen l USING (listen_id)
        WHERE l.state IS DISTINCT FROM 'accepted' OR l.user_id <> r.user_id
        """
    )
    return Finding(
        ok=foreign == 0, figure=f"{decided} decisions", detail=f"{foreign} about no accepted listen" * (foreign > 0)
    )


async def _settled_once(tx: Tx) -> Finding:
    settled = await tx.value("SELECT count(*) FROM listen_reward.epoch WHERE settled_at IS NOT NULL")
    wrong = await tx.values(
        """
        SELECT e.epoch FROM listen_reward.epoch e LEFT JOIN (
            SELECT r.epoch, count(*) FILTER (WHERE r.outcome = 'weighed') AS weighed, count(w.listen_id) AS weights,
                count(s.listen_id) AS shares
            FROM listen_reward.reward r LEFT JOIN listen_reward.weighed w USING (listen_id)
            LEFT JOIN listen_reward.share s USING (listen_id) GROUP BY r.epoch
        ) n USING (epoch)
        WHERE coalesce(n.weighed, 0) <> coalesce(n.weights, 0)
            OR coalesce(n.shares, 0) <> CASE WHEN e.settled_at IS NULL THEN 0 ELSE coalesce(n.weighed, 0) END
            OR (e.policy_id IS NULL AND coalesce(n.weighed, 0) > 0)
        ORDER BY e.epoch LIMIT 5
        """
    )
    return Finding(ok=not wrong, figure=f"{settled} epochs spread by a policy", detail=", ".join(map(str, wrong)))


INVARIANTS: Final = (
    Invariant(
        "pools.within_budget",
        "An epoch's rewards sum to what it says it granted, and never exceed its budget.",
        _within_budget,
    ),
    Invariant("pools.accepted_once", "Each reward belongs to one accepted listen of the same account.", _accepted_once),
    Invariant(
        "pools.settled_once",
        "An epoch's weighed listens all have a share once its policy has spread it, and none before.",
        _settled_once,
    ),
)
