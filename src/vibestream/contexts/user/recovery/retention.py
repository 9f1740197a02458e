"""For how long resets of passwords are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.recovery import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.password_resets",
        what="Resets of passwords",
        since="they expired",
        kept=timedelta(days=1),
        does=Does.DELETES,
        drop=store.drop_expired,
    ),
)
