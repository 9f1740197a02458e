"""For how long it is kept which releases followers were told of."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.release_news import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.release_news",
        what="Which releases an artist's followers were told of, and how many they were",
        since="they began to be told",
        kept=timedelta(days=60),
        does=Does.DELETES,
        drop=store.drop_old,
    ),
)
