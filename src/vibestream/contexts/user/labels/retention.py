"""For how long it is kept that a label or an artist asked and got no answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.labels import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.label_invitations",
        what="What a label or an artist asked, without an answer",
        since="it could be answered no longer",
        kept=timedelta(0),
        does=Does.DELETES,
        drop=store.drop_unanswered,
    ),
)
