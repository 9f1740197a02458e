"""What somebody would want to see at once is told to their open pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from vibestream.contexts.payment.events import RewardPaid, SubscriptionChanged, TipReceived
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


async def show_tips(tx: Tx, events: Sequence[TipReceived]) -> None:
    """Show each artist what a fan gave."""
    for event in events:
        data = {"tip_id": event.tip_id, "amount": event.amount.decimal, "currency": event.amount.currency.code}
        await announce(tx, topic=f"user:{event.payee}", kind="tip.received", data=data)


async def show_subscriptions(tx: Tx, events: Sequence[SubscriptionChanged]) -> None:
    """Show each listener what they may hear now."""
    for event in events:
        data = {"plan": event.plan, "lossless": event.lossless, "until": event.until}
        await announce(tx, topic=f"user:{event.user_id}", kind="subscription.changed", data=data)


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=RewardPaid, consumer="notify", handle_batch=show_rewards, poison=Poison.SKIP),
    Subscription(event=TipReceived, consumer="notify", handle_batch=show_tips, poison=Poison.SKIP),
    Subscription(event=SubscriptionChanged, consumer="notify", handle_batch=show_subscriptions, poison=Poison.SKIP),
)
