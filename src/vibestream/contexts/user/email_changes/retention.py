"""For how long it is kept to which address somebody wanted to change, and which they had before."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.email_changes import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.email_changes",
        what="Changes of the e-mail address",
        since="their code expired",
        kept=timedelta(days=1),
        does=Does.DELETES,
        drop=store.drop_changes,
    ),
    Rule(
        name="user.former_addresses",
        what="The e-mail address that an account had before",
        since="it could be put back no longer",
        kept=timedelta(0),
        does=Does.DELETES,
        drop=store.drop_undos,
    ),
)
