"""For how long sign-ups, accounts that nobody verified, and half sign-ins are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.accounts import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.sign_ups",
        what="Sign-ups",
        since="their code expired",
        kept=timedelta(days=1),
        does=Does.DELETES,
        drop=store.drop_expired,
    ),
    Rule(
        name="user.unverified",
        what="Address and name of accounts that nobody verified",
        since="they were made",
        kept=timedelta(days=7),
        does=Does.EMPTIES,
        drop=store.forget_unverified,
    ),
    Rule(
        name="user.second_steps",
        what="Sign-ins that wait for the second factor",
        since="they expired",
        kept=timedelta(0),
        does=Does.DELETES,
        drop=store.drop_expired_steps,
    ),
)
