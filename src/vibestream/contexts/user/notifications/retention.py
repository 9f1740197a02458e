"""For how long notifications are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.notifications.store import pushes, told
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
    Rule(
        name="user.push_subscriptions",
        what="Browsers that were told by web push, and what waits for them",
        since="they were signed out",
        kept=timedelta(hours=1),
        does=Does.DELETES,
        drop=pushes.drop_signed_out,
    ),
)
