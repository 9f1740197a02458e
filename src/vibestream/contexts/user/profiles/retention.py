"""For how long the handle of somebody who was erased rests."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.profiles import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.resting_handles",
        what="Handles of people who were erased, as hashes",
        since="they had rested for a year",
        kept=timedelta(0),
        does=Does.DELETES,
        drop=store.drop_rested,
    ),
)
