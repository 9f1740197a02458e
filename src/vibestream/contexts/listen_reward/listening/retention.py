"""For how long the heartbeats of a listen are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.listen_reward.listening import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="listen_reward.heartbeats",
        what="Heartbeats of listens that no open case holds",
        since="they arrived",
        kept=timedelta(days=90),
        does=Does.DELETES,
        drop=store.forget_heartbeats,
    ),
)
