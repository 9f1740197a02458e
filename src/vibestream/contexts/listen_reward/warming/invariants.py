"""What must always hold of what waits for accounts to be older."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.listen_reward.warming import store
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_GRACE: Final = timedelta(hours=6)


async def _let_go(tx: Tx) -> Finding:
    overdue = await store.count_overdue(tx, before=utc_now() - _GRACE)
    return Finding(
        ok=overdue == 0,
        figure=f"{overdue} overdue",
        detail=f"{overdue} listens wait though their account is old enough and nobody looks at it" * (overdue > 0),
    )


async def _one_way(tx: Tx) -> Finding:
    ended = await tx.value("SELECT count(*) FROM listen_reward.warming WHERE paid")
    wrong = await tx.values(
        """
        SELECT w.listen_id FROM listen_reward.warming w LEFT JOIN listen_reward.reward r USING (listen_id)
        WHERE (r.listen_id IS NOT NULL) <> coalesce(w.paid, false) ORDER BY w.listen_id LIMIT 5
        """
    )
    return Finding(ok=not wrong, figure=f"{ended} listens let go", detail=", ".join(map(str, wrong)))


INVARIANTS: Final = (
    Invariant(
        "listen_reward.warmed_up",
        "What new accounts earn is decided within six hours after their warm-up, unless a person looks at them.",
        _let_go,
    ),
    Invariant(
        "listen_reward.warming_once",
        "A listen that waits has no reward yet, and one that was let go has exactly one decision.",
        _one_way,
    ),
)
