"""A listen was accepted: the epoch's pool decides what it earns, and payment pays it.

For listeners who registered an identity for receipts, the pool writes a receipt and announces nothing: they are paid when they
claim it (`pay_claims.py`). For all others acceptance alone leads to a reward, paid here into their wallet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from vibestream.contexts.listen_reward.events import ListenAccepted, RewardGranted
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.pools.service import Accepted
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import Reward, RewardOutcome, RewardStatus
from vibestream.kernel.errors import Conflict
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription

_SETTLED: Final = frozenset({RewardStatus.PAID, RewardStatus.ALREADY_PAID})


class RewardNotPaid(Conflict):
    """The ledger refuses a reward that was granted: budget and books disagree, and somebody must look."""

    code: ClassVar[str] = "listen_to_reward.not_paid"

    def __init__(self, refused: Sequence[RewardOutcome]) -> None:
        super().__init__(", ".join(f"{one.reward_id} {one.status}" for one in refused))
        self.rewards = tuple(str(one.reward_id) for one in refused)


async def grant_rewards(tx: Tx, events: Sequence[ListenAccepted]) -> None:
    """Let the epoch's pool decide what each accepted listen earns."""
    accepted = [
        Accepted(
            event.listen_id,
            event.user_id,
            event.owner_user_id,
            event.track_id,
            event.occurred_at,
            heard_s=event.heard_ms // 1000,
        )
        for event in events
    ]
    await pools.grant(tx, accepted=accepted, now=utc_now())


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


# Rewards stand alone: one that is refused waits as a dead letter and does not keep a listener from the next.
SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=ListenAccepted, consumer="grant_rewards", handle_batch=grant_rewards, poison=Poison.SKIP),
    Subscription(event=RewardGranted, consumer="pay_rewards", handle_batch=pay_rewards, poison=Poison.SKIP),
)
