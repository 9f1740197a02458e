"""What was claimed and what the ledger paid are two books of one fact; what nobody claimed goes back, to the unit."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.claims.service import spending
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.payment.ledger.service import claims as ledger
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _claimed_is_paid(tx: Tx) -> Finding:
    granted, claimed = await spending.granted_by_epoch(tx), await spending.claimed_by_epoch(tx)
    paid, back = await ledger.claims_by_epoch(tx), await ledger.claims_by_epoch(tx, kind=ledger.RETURN)
    over = set(await spending.returned_epochs(tx))
    nothing = Money.zero(VIBE)
    unspread = {one.epoch: one.left for one in await pools.list_epochs(tx, epochs=over) if one.is_settled}
    wrong = []
    for epoch in sorted(granted.keys() | claimed.keys() | paid.keys() | back.keys() | unspread.keys()):
        most, out = granted.get(epoch, nothing), claimed.get(epoch, nothing)
        due_back = most - out + unspread.get(epoch, nothing) if epoch in over else nothing
        if paid.get(epoch, nothing) != out or out > most or back.get(epoch, nothing) != due_back:
            wrong.append(
                f"epoch {epoch} earned {most}, claimed {out}, paid {paid.get(epoch, nothing)}, "
                f"back {back.get(epoch, nothing)}"
            )
    totals = [Money(sum(one.minor for one in side.values()), VIBE) for side in (granted, claimed, back)]
    return Finding(
        ok=not wrong,
        figure=f"{totals[0]} to be claimed, {totals[1]} claimed, {totals[2]} gone back",
        detail="; ".join(wrong[:_SHOWN]),
    )


INVARIANTS: Final = (
    Invariant(
        "claims.claimed_is_paid",
        "In every epoch the claims are what the ledger paid for them, at most what was earned, and the rest goes back.",
        _claimed_is_paid,
    ),
)
