"""What somebody would want to see at once is told to their open pages, and what they would want to find later is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from vibestream.contexts.music.events import AssetReady, AssetRefused
from vibestream.contexts.payment.events import RewardPaid, SubscriptionChanged, TipReceived
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind, Telling
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription
from vibestream.platform.live import announce


async def show_rewards(tx: Tx, events: Sequence[RewardPaid]) -> None:
    """Show each listener what arrived in their wallet; the day's rewards of one listener are one notification."""
    arrived: defaultdict[tuple[UserId, Currency], list[int]] = defaultdict(list)
    for event in events:
        data = {
            "reward_id": event.reward_id,
            "amount": event.amount.decimal,
            "currency": event.amount.currency.code,
            "transaction_id": event.transaction_id,
        }
        await announce(tx, topic=f"user:{event.user_id}", kind="reward.paid", data=data)
        arrived[event.user_id, event.amount.currency].append(event.amount.minor)
    rewards = [
        Telling(user_id=user_id, key="", facts={"minor": sum(parts), "currency": currency.code}, count=len(parts))
        for (user_id, currency), parts in arrived.items()
    ]
    # In one order for everybody: two workers with rewards of the same listeners do not wait for each other.
    rewards.sort(key=lambda one: (one.user_id, one.facts["currency"]))
    await notifications.tell_many(tx, kind=Kind.REWARD_PAID, tellings=rewards, now=utc_now())


async def show_tips(tx: Tx, events: Sequence[TipReceived]) -> None:
    """Show each artist what a fan gave; nothing tells who."""
    for event in events:
        data = {"tip_id": event.tip_id, "amount": event.amount.decimal, "currency": event.amount.currency.code}
        await announce(tx, topic=f"user:{event.payee}", kind="tip.received", data=data)
    tips = [
        Telling(
            user_id=event.payee,
            key=str(event.tip_id),
            facts={
                "minor": event.amount.minor,
                "currency": event.amount.currency.code,
                "earned": str(event.earned),
            },
        )
        for event in sorted(events, key=lambda one: one.payee)
    ]
    await notifications.tell_many(tx, kind=Kind.TIP_RECEIVED, tellings=tips, now=utc_now())


async def show_subscriptions(tx: Tx, events: Sequence[SubscriptionChanged]) -> None:
    """Show each listener what they may hear now."""
    for event in events:
        data = {"plan": event.plan, "lossless": event.lossless, "until": event.until}
        await announce(tx, topic=f"user:{event.user_id}", kind="subscription.changed", data=data)


async def tell_ready(tx: Tx, event: AssetReady) -> None:
    """Tell whoever uploaded a master that it is prepared; the day's masters are one notification."""
    masters = [Telling(user_id=user_id, key="", facts={}) for user_id in sorted(set(event.user_ids))]
    await notifications.tell_many(tx, kind=Kind.MASTER_READY, tellings=masters, now=utc_now())


async def tell_refused(tx: Tx, event: AssetRefused) -> None:
    """Tell whoever uploaded a master that it cannot be used; the studio says why."""
    masters = [Telling(user_id=one, key=str(event.event_id), facts={}) for one in sorted(set(event.user_ids))]
    await notifications.tell_many(tx, kind=Kind.MASTER_REFUSED, tellings=masters, now=utc_now())


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=RewardPaid, consumer="notify", handle_batch=show_rewards, poison=Poison.SKIP),
    Subscription(event=TipReceived, consumer="notify", handle_batch=show_tips, poison=Poison.SKIP),
    Subscription(event=SubscriptionChanged, consumer="notify", handle_batch=show_subscriptions, poison=Poison.SKIP),
    Subscription(event=AssetReady, consumer="notify", handle=tell_ready, poison=Poison.SKIP),
    Subscription(event=AssetRefused, consumer="notify", handle=tell_refused, poison=Poison.SKIP),
)
