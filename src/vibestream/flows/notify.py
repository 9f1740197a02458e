"""What somebody would want to see at once is told to their open pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from vibestream.contexts.payment.events import RewardPaid
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription
from vibestream.platform.live import announce


async def show_rewards(tx: Tx, events: Sequence[RewardPaid]) -> None:
    """Show each listener what arrived in their wallet."""
    for event in events:
        data = {
            "reward_id": event.reward_id,
            "amount": event.amount.decimal,
            "currency": event.amount.currency.code,
            "transaction_id": event.transaction_id,
        }
        await announce(tx, topic=f"user:{event.user_id}", kind="reward.paid", data=data)


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=RewardPaid, consumer="notify", handle_batch=show_rewards, poison=Poison.SKIP),
)
