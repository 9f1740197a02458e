"""For how long invitations to teams are kept, used or not."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.teams import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.team_invitations",
        what="Invitations to an artist's team, used or not",
        since="their code expired",
        kept=timedelta(days=30),
        does=Does.DELETES,
        drop=store.drop_invitations,
    ),
)
