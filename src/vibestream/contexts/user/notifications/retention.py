"""For how long notifications are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.notifications.store import told
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.notifications",
        what="Notifications, and the mails of them",
        since="they were told",
        kept=timedelta(days=365),
        does=Does.DELETES,
        drop=told.drop_old,
    ),
)
