"""For how long invitations to a family are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.payment.subscriptions.store import family
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="payment.family_invitations",
        what="Invitations to share a subscription",
        since="they expired",
        kept=timedelta(days=30),
        does=Does.DELETES,
        drop=family.drop_invitations,
    ),
)
