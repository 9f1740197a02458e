"""For how long it is kept that somebody worked for an artist."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.listen_reward.insiders import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="listen_reward.insiders",
        what="Who worked for an artist and does so no more",
        since="they left",
        # Listens of then are decided by it: an account is new for 30 days at most, and a held case can wait for months.
        kept=timedelta(days=365),
        does=Does.DELETES,
        drop=store.drop_ended,
    ),
)
