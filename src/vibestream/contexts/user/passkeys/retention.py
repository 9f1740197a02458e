"""For how long it is kept what passkeys were asked to sign."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.passkeys import service
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.passkey_challenges",
        what="What passkeys were asked to sign",
        since="it expired",
        kept=timedelta(0),
        does=Does.DELETES,
        drop=service.drop_expired,
    ),
)
