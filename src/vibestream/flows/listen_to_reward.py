"""A listen was accepted: the epoch's pool decides what it earns, and payment pays it.

For listeners who registered an identity for receipts, the pool writes a receipt and announces nothing: they are paid when they
claim it (`pay_claims.py`). For all others acceptance alone leads to a reward, paid here into their wallet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from vibestream.contexts.listen_reward.events import ListenAccepted, RewardGranted
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.pools.service import Accepted, Policy
from vibestream.contexts.listen_reward.warming import service as warming
from vibestream.contexts.listen_reward.warming.service import Heard
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import Reward, RewardOutcome, RewardStatus
from vibestream.kernel.errors import Conflict
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

_RELEASED: Final = 500
_SETTLED: Final = frozenset({RewardStatus.PAID, RewardStatus.ALREADY_PAID})


class RewardNotPaid(Conflict):
    """The ledger refuses a reward that was granted: budget and books disagree, and somebody must look."""

    code: ClassVar[str] = "listen_to_reward.not_paid"

    def __init__(self, refused: Sequence[RewardOutcome]) -> None:
        super().__init__(", ".join(f"{one.reward_id} {one.status}" for one in refused))
        self.rewards = tuple(str(one.reward_id) for one in refused)


async def grant_rewards(tx: Tx, events: Sequence[ListenAccepted]) -> None:
    """Let the epoch's pool decide what each accepted listen earns; what new accounts earn waits, where its policy says so."""
    heard = [
        Heard(
            event.listen_id,
            event.user_id,
            event.owner_user_id,
            event.track_id,
            event.occurred_at,
            heard_s=event.heard_ms // 1000,
        )
        for event in events
    ]
    at_once = await warming.hold_back(tx, accepted=heard)
    await pools.grant(tx, accepted=[_accepted(one, one.accepted_at) for one in at_once], now=utc_now())


async def release_waiting(tx: Tx, *, policy: Policy, now: datetime) -> int:
    """Let the pool of today decide what listens earn that waited for their account to be older; return how many were taken.

    Each is of the epoch of now, or of the next that takes receipts. `policy` is what today's epoch pays when nothing opened it before.
    """
    kept, taken = await warming.release(tx, now=now, limit=_RELEASED)
    if kept:
        await pools.open_epochs(tx, policy=policy, now=now)
        await pools.grant(tx, accepted=[_accepted(one, now) for one in kept], now=now)
    return taken


@periodic("listen_reward.release_waiting", every_s=300)
async def release_warmed_up(runtime: Runtime) -> None:
    """Let go what waited long enough, in short transactions."""
    policy = pools.policy_of(runtime.settings)
    while True:
        async with runtime.database.begin() as tx:
            if await release_waiting(tx, policy=policy, now=utc_now()) < _RELEASED:
                return


async def pay_rewards(tx: Tx, events: Sequence[RewardGranted]) -> None:
    """Fund the epochs' pools where that has not been done, and pay each reward into its listener's wallet.

    Raises:
        RewardNotPaid: the ledger refuses one; none of the batch is paid, and each is tried alone.
    """
    for epoch in await pools.list_epochs(tx, epochs={event.epoch for event in events}):
        if epoch.funded is not None:
            continue  # its sources gave, when it began
        await ledger.fund_pool(tx, epoch=epoch.epoch, amount=epoch.policy.budget)
    rewards = [
        Reward(reward_id=one.reward_id, user_id=one.user_id, epoch=one.epoch, amount=one.amount) for one in events
    ]
    outcomes = await ledger.pay_rewards(tx, rewards=rewards, now=utc_now())
    refused = [one for one in outcomes if one.status not in _SETTLED]
    if refused:
        raise RewardNotPaid(refused)


def _accepted(heard: Heard, at: datetime) -> Accepted:
    return Accepted(heard.listen_id, heard.user_id, heard.owner_user_id, heard.track_id, at, heard_s=heard.heard_s)


# Rewards stand alone: one that is refused waits as a dead letter and does not keep a listener from the next.
SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=ListenAccepted, consumer="grant_rewards", handle_batch=grant_rewards, poison=Poison.SKIP),
    Subscription(event=RewardGranted, consumer="pay_rewards", handle_batch=pay_rewards, poison=Poison.SKIP),
)
