"""For how long attempts to sign in are counted, and browsers known."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.attempts import store
from vibestream.contexts.user.attempts.domain import DEVICE_GOOD_FOR
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.sign_in_attempts",
        what="Counts of attempts to sign in",
        since="they ended",
        kept=timedelta(0),
        does=Does.DELETES,
        drop=store.drop_counts,
    ),
    Rule(
        name="user.known_browsers",
        what="Browsers that an account knows",
        since="they were last let in",
        kept=DEVICE_GOOD_FOR,
        does=Does.DELETES,
        drop=store.drop_devices,
    ),
)
