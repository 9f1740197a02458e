"""For how long it is kept what was served to whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from vibestream.contexts.music.delivery import service
from vibestream.platform.database import Tx
from vibestream.platform.retention import Does, Rule


async def _forget_served(tx: Tx, *, before: datetime, most: int) -> int:
    return await service.forget_served(tx, before=before, limit=most)


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="music.served",
        what="Which stretches of a track were served to a listen",
        since="they were served",
        kept=timedelta(days=2),  # long enough for every listen to be settled and looked into
        does=Does.DELETES,
        drop=_forget_served,
    ),
)
