"""What somebody is entitled to, and telling others when it changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from vibestream.contexts.payment.events import SubscriptionChanged
from vibestream.contexts.payment.subscriptions.domain.plans import FREE, Entitlements, Plan, best
from vibestream.contexts.payment.subscriptions.store import family, plans, subscriptions
from vibestream.kernel.ids import SubscriptionId, UserId
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish


async def entitlements(tx: Tx, *, user_id: UserId, now: datetime) -> Entitlements:
    """Return what somebody may hear: the best of the free plan, their own subscription and one that they share."""
    by_code = {plan.code: plan for plan in await plans.list_plans(tx)}
    found = [_of(by_code[FREE], None)]
    for subscription in await subscriptions.list_entitling(tx, user_id=user_id):
        until = subscription.entitled_until
        if until is not None and now < until:
            found.append(_of(by_code[subscription.terms.plan], until))
    return best(found)


async def announce_changed(tx: Tx, *, user_ids: Iterable[UserId], now: datetime) -> None:
    """Announce to whoever serves these people what they may hear now."""
    for user_id in sorted(set(user_ids)):
        found = await entitlements(tx, user_id=user_id, now=now)
        await publish(
            tx,
            SubscriptionChanged(
                occurred_at=now,
                user_id=user_id,
                plan=found.plan,
                max_kbps=found.max_kbps,
                lossless=found.lossless,
                until=found.until,
            ),
        )


async def everybody_of(tx: Tx, *, subscription_id: SubscriptionId, owner: UserId) -> list[UserId]:
    """Return the owner of a subscription and all who share it now."""
    return [owner, *(one.user_id for one in await family.list_members(tx, subscription_id=subscription_id))]


def _of(plan: Plan, until: datetime | None) -> Entitlements:
    return Entitlements(plan=plan.code, max_kbps=plan.max_kbps, lossless=plan.lossless, until=until)
