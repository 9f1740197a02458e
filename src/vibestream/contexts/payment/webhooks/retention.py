"""For how long it is kept what gateways wrote."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.payment.webhooks import store
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="payment.webhook_bodies",
        what="Bodies of what gateways wrote, once it was dealt with",
        since="they arrived",
        kept=timedelta(days=30),
        does=Does.EMPTIES,
        drop=store.forget_bodies,
    ),
    Rule(
        name="payment.webhook_proofs",
        what="Signatures by which a second arrival is known",
        since="they arrived",
        kept=timedelta(days=30),
        does=Does.DELETES,
        drop=store.forget_proofs,
    ),
    Rule(
        name="payment.webhooks",
        what="That gateways wrote, once it was done",
        since="they arrived",
        kept=timedelta(days=400),
        does=Does.DELETES,
        drop=store.forget_rows,
    ),
)
