"""For how long sessions are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.sessions import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.sessions",
        what="Sessions",
        since="they expired",
        kept=timedelta(days=30),
        does=Does.DELETES,
        drop=store.drop_expired,
    ),
)
