"""For how long codes and tokens are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.oauth.service import tidying
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.oauth_tokens",
        what="Codes and tokens of apps, devices and programs",
        since="they expired",
        kept=timedelta(days=1),
        does=Does.DELETES,
        drop=tidying.drop_expired,
    ),
)
