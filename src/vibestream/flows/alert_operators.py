"""Operators are told what is wrong, besides what monitoring shows.

That is: invariants (the seal's among them), events given up, discrepancies with gateways, sources of pools without cover,
and passwords that are being guessed at many accounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.payment.reconciliation import service as reconciliation
from vibestream.contexts.payment.reconciliation.service import FindingState
from vibestream.contexts.user.attacks import service as attacks
from vibestream.kernel.time import utc_now
from vibestream.platform.alerts import Notice, Trouble, tell_operators
from vibestream.platform.database import Tx
from vibestream.platform.events.dead_letters import list_dead_letters
from vibestream.platform.invariants import Checked
from vibestream.platform.runtime import Runtime

_MOST: Final = 1_000


async def alert(runtime: Runtime, checked: Sequence[Checked]) -> Notice:
    """Tell operators what is wrong by the invariants that were just checked, and by what else is looked at here."""
    violated = [
        Trouble(f"invariant:{one.invariant.name}", f"{one.invariant.statement} ({one.finding.figure})")
        for one in checked
        if not one.finding.ok
    ]
    further = await runtime.database.run(_further)
    return await tell_operators(
        runtime.database, settings=runtime.settings, troubles=[*violated, *further], now=utc_now()
    )


async def _further(tx: Tx) -> list[Trouble]:
    """Return what is wrong besides invariants: of events, of gateways' books, of pools' sources, and at the ways in."""
    dead = Counter(one.consumer for one in await list_dead_letters(tx, limit=_MOST))
    open_ones = await reconciliation.findings(tx, states=[FindingState.OPEN], limit=_MOST)
    differing = Counter(one.gateway.value for one in open_ones)
    today = utc_now().date()
    short = [one for one in await pools.sourced(tx, epochs=[today, today - timedelta(days=1)]) if one.short.minor > 0]
    attack = await attacks.standing(tx, now=utc_now())
    return [
        *(Trouble(f"pool_source:{one.source}", f"{one.epoch} got {one.given} of {one.wanted}") for one in short),
        *(Trouble(f"dead_letters:{consumer}", f"{_many(many)} given up") for consumer, many in dead.items()),
        *(Trouble(f"reconciliation:{name}", f"{_many(many)} open") for name, many in differing.items()),
        *(Trouble("sign_in_attack", _attacked(one)) for one in (attack,) if one is not None),
    ]


def _attacked(attack: attacks.Attack) -> str:
    return (
        f"Passwords have been guessed at many accounts since {attack.began_at:%Y-%m-%d %H:%M} UTC; until"
        f" {attack.until:%H:%M} UTC or longer, browsers that an account does not know are asked for a mailed code"
    )


def _many(many: int) -> str:
    return f"{many} or more" if many >= _MOST else str(many)
