"""What listening granted and what the ledger paid are two books of one fact, kept by two contexts: they must agree."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

DEADLINE_S: Final = 900
"""From the decision to the wallet it is seconds; what takes longer is stuck or was refused."""
_SHOWN: Final = 5


async def _granted_is_paid(tx: Tx) -> Finding:
    granted = await pools.granted_by_epoch(tx)
    due = await pools.granted_by_epoch(tx, older_than_s=DEADLINE_S)
    paid = await ledger.paid_by_epoch(tx)
    nothing = Money.zero(VIBE)
    wrong = [
        f"epoch {epoch} granted {granted.get(epoch, nothing)}, {due.get(epoch, nothing)} of it long ago, paid "
        f"{paid.get(epoch, nothing)}"
        for epoch in sorted(granted.keys() | paid.keys())
        if not due.get(epoch, nothing) <= paid.get(epoch, nothing) <= granted.get(epoch, nothing)
    ]
    totals = [sum((amount.minor for amount in side.values()), 0) for side in (granted, paid)]
    return Finding(
        ok=not wrong,
        figure=f"{len(granted):,} epochs, {Money(totals[0], VIBE)} granted, {Money(totals[1], VIBE)} paid",
        detail="; ".join(wrong[:_SHOWN]),
    )


INVARIANTS: Final = (
    Invariant(
        "rewards.granted_is_paid",
        "In every epoch the rewards that the ledger paid are those that were granted, a quarter of an hour later at most.",
        _granted_is_paid,
    ),
)
