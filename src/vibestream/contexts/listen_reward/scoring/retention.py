"""For how long it is known where listens came from."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from vibestream.contexts.listen_reward.scoring import service
from vibestream.contexts.listen_reward.scoring.store import scores
from vibestream.platform.database import Tx
from vibestream.platform.retention import Does, Rule


async def _forget_origins(tx: Tx, *, before: datetime, most: int) -> int:
    return await service.forget_origins(tx, now=before + service.ORIGINS_KEPT, limit=most)


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="listen_reward.origins",
        what="Network and device of listens that were decided about, as hashes",
        since="that",
        kept=service.ORIGINS_KEPT,
        does=Does.EMPTIES,
        drop=_forget_origins,
    ),
    Rule(
        name="listen_reward.unscored_origins",
        what="Network and device of listens that never came to be decided about, as hashes",
        since="they were opened",
        kept=service.ORIGINS_KEPT,
        does=Does.EMPTIES,
        drop=scores.forget_unscored_origins,
    ),
)
