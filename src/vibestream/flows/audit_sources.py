"""What pools say that sources gave them and what the ledger moved are two books of one fact; what is left goes back in proportion."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.claims.service import spending
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.payment.ledger.service import claims as ledger
from vibestream.contexts.payment.pool_sources import service as pool_sources
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _given_is_taken(tx: Tx) -> Finding:
    moved = await pool_sources.moved(tx)
    days = {epoch for epoch, source in moved if source != pool_sources.ISSUANCE} | set(await pools.sourced_days(tx))
    sourced = await pools.sourced(tx, epochs=days)
    nothing = (Money.zero(VIBE), Money.zero(VIBE))
    taken = {key: pair for key, pair in moved.items() if key[0] in days and any(one.minor for one in pair)}
    given = {(one.epoch, one.source): one.given for one in sourced if one.given.minor}
    wrong = [
        f"epoch {epoch}: {source} gave {given.get((epoch, source), nothing[0])}, the ledger took {taken.get((epoch, source), nothing)[0]}"
        for epoch, source in sorted(given.keys() | taken.keys())
        if given.get((epoch, source), nothing[0]) != taken.get((epoch, source), nothing)[0]
    ]
    back = await ledger.claims_by_epoch(tx, kind=ledger.RETURN)
    for epoch in sorted(days & set(await spending.returned_epochs(tx)) & back.keys()):
        due = pool_sources.returned(back[epoch], {source: one for (day, source), one in given.items() if day == epoch})
        got = {source: pair[1] for (day, source), pair in taken.items() if day == epoch and pair[1].minor}
        if due != got:
            wrong.append(f"epoch {epoch}: what went back was split otherwise than it was given")
    short = sum(one.short.minor for one in sourced)
    return Finding(
        ok=not wrong,
        figure=f"{len(days)} days from named sources, which lacked {Money(short, VIBE)}",
        detail="; ".join(wrong[:_SHOWN]),
    )


INVARIANTS: Final = (
    Invariant(
        "pools.given_is_taken",
        "What each source gave a day is what the ledger took from it, and what nobody claimed went back in that proportion.",
        _given_is_taken,
    ),
)
