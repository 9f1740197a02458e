"""For how long it is kept what wallets were asked to sign."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.chain_wallets import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.wallet_challenges",
        what="What wallets were asked to sign",
        since="it expired",
        kept=timedelta(0),
        does=Does.DELETES,
        drop=store.drop_expired,
    ),
)
