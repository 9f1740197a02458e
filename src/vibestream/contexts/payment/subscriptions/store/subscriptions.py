"""Subscriptions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from vibestream.contexts.payment.subscriptions.domain.calendar import end_of
from vibestream.contexts.payment.subscriptions.domain.plans import Cycle, Terms
from vibestream.contexts.payment.subscriptions.domain.subscription import (
    GIVEN_UP_AFTER,
    INCOMPLETE_FOR,
    TOLD_BEFORE,
    EndReason,
    State,
    Subscription,
)
from vibestream.kernel.ids import PaymentId, SubscriptionId, UserId
from vibestream.kernel.money import Currency
from vibestream.kernel.time import Period
from vibestream.platform.database import Tx

_SELECT: Final = """
SELECT subscription_id, subscription.user_id, plan, cycle, currency, state, period_start, period_end, anchor, cancels, next_plan,
    next_cycle, method_of, failures, next_attempt_at, told_of_end, had_trial, end_reason, made_at, ended_at
FROM payment.subscription
"""


async def insert_subscription(tx: Tx, subscription: Subscription) -> bool:
    """Add a subscription, and say whether its owner had no other that is live; waits for whoever adds one just now."""
    inserted = await tx.execute(
        """
        INSERT INTO payment.subscription
            (subscription_id, user_id, plan, cycle, currency, state, period_start, period_end, anchor, had_trial, made_at)
        VALUES (%(subscription_id)s, %(user_id)s, %(plan)s, %(cycle)s, %(currency)s, %(state)s, %(period_start)s,
            %(period_end)s, %(anchor)s, %(had_trial)s, %(made_at)s)
        ON CONFLICT (user_id) WHERE state <> 'ended' DO NOTHING
        """,
        {**_values(subscription), "user_id": subscription.user_id, "made_at": subscription.made_at},
    )
    return inserted == 1


async def save_subscription(tx: Tx, subscription: Subscription) -> None:
    """Write down how a subscription stands; its row is locked by the caller."""
    await tx.execute(
        """
        UPDATE payment.subscription SET plan = %(plan)s, cycle = %(cycle)s, state = %(state)s,
            period_start = %(period_start)s, period_end = %(period_end)s, anchor = %(anchor)s, cancels = %(cancels)s,
            next_plan = %(next_plan)s, next_cycle = %(next_cycle)s, method_of = %(method_of)s, failures = %(failures)s,
            next_attempt_at = %(next_attempt_at)s, told_of_end = %(told_of_end)s, had_trial = %(had_trial)s,
            end_reason = %(end_reason)s, ended_at = %(ended_at)s
        WHERE subscription_id = %(subscription_id)s
        """,
        _values(subscription),
    )


async def lock_subscription(tx: Tx, *, subscription_id: SubscriptionId) -> Subscription | None:
    """Return a subscription, its row locked: whoever changes anything of it takes turns here."""
    return await tx.one(_subscription, _SELECT + " WHERE subscription_id = %s FOR NO KEY UPDATE", [subscription_id])


async def lock_live_of(tx: Tx, *, user_id: UserId) -> Subscription | None:
    """Return the subscription that somebody has now, its row locked."""
    return await tx.one(
        _subscription, _SELECT + " WHERE user_id = %s AND state <> 'ended' FOR NO KEY UPDATE", [user_id]
    )


async def load_subscription(tx: Tx, *, subscription_id: SubscriptionId) -> Subscription | None:
    """Return a subscription."""
    return await tx.one(_subscription, _SELECT + " WHERE subscription_id = %s", [subscription_id])


async def load_newest_of(tx: Tx, *, user_id: UserId) -> Subscription | None:
    """Return the subscription that somebody ordered last, the live one if there is one."""
    return await tx.one(
        _subscription,
        _SELECT + " WHERE user_id = %s ORDER BY state = 'ended', subscription_id DESC LIMIT 1",
        [user_id],
    )


async def list_entitling(tx: Tx, *, user_id: UserId) -> list[Subscription]:
    """Return the live subscriptions that somebody owns or shares."""
    own = await tx.all(_subscription, _SELECT + " WHERE user_id = %s AND state <> 'ended'", [user_id])
    shared = await tx.all(
        _subscription,
        _SELECT + " JOIN payment.family_member member USING (subscription_id)"
        " WHERE member.user_id = %s AND left_at IS NULL AND state <> 'ended'",
        [user_id],
    )
    return [*own, *shared]


async def had_trial(tx: Tx, *, user_id: UserId) -> bool:
    """Say whether somebody has had a trial before."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM payment.subscription WHERE user_id = %s AND had_trial)",
            [user_id],
        )
    )


async def list_due(tx: Tx, *, now: datetime, after: SubscriptionId | None, limit: int) -> list[SubscriptionId]:
    """Return subscriptions of which time asks something, by id, above one; the domain decides what."""
    return await tx.values(
        """
        SELECT subscription_id FROM payment.subscription
        WHERE (%(after)s::uuid IS NULL OR subscription_id > %(after)s) AND (
            (state = 'incomplete' AND made_at <= %(ordered_before)s)
            OR (state IN ('trialing', 'active', 'past_due') AND period_end <= %(now)s
                AND (state = 'trialing' OR cancels OR next_attempt_at <= %(now)s OR period_end <= %(given_up_before)s))
            OR (state IN ('trialing', 'active') AND period_end <= %(told_before)s AND NOT cancels
                AND told_of_end IS DISTINCT FROM period_end AND (state = 'trialing' OR method_of IS NULL)))
        ORDER BY subscription_id LIMIT %(limit)s
        """,
        {
            "after": after,
            "now": now,
            "ordered_before": now - INCOMPLETE_FOR,
            "given_up_before": now - GIVEN_UP_AFTER,
            "told_before": now + TOLD_BEFORE,
            "limit": limit,
        },
    )


def _values(subscription: Subscription) -> dict[str, Any]:
    period, following = subscription.period, subscription.next_terms
    return {
        "subscription_id": subscription.subscription_id,
        "plan": subscription.terms.plan,
        "cycle": subscription.terms.cycle.value,
        "currency": subscription.currency.code,
        "state": subscription.state.value,
        "period_start": None if period is None else period.start,
        "period_end": None if period is None else end_of(period),
        "anchor": subscription.anchor,
        "cancels": subscription.cancels,
        "next_plan": None if following is None else following.plan,
        "next_cycle": None if following is None else following.cycle.value,
        "method_of": subscription.method_of,
        "failures": subscription.failures,
        "next_attempt_at": subscription.next_attempt_at,
        "told_of_end": subscription.told_of_end,
        "had_trial": subscription.had_trial,
        "end_reason": None if subscription.end_reason is None else subscription.end_reason.value,
        "ended_at": subscription.ended_at,
    }


def _subscription(
    *,
    subscription_id: SubscriptionId,
    user_id: UserId,
    plan: str,
    cycle: str,
    currency: str,
    state: str,
    period_start: datetime | None,
    period_end: datetime | None,
    anchor: datetime | None,
    cancels: bool,
    next_plan: str | None,
    next_cycle: str | None,
    method_of: PaymentId | None,
    failures: int,
    next_attempt_at: datetime | None,
    told_of_end: datetime | None,
    had_trial: bool,
    end_reason: str | None,
    made_at: datetime,
    ended_at: datetime | None,
) -> Subscription:
    following = None
    if next_plan is not None and next_cycle is not None:
        following = Terms(plan=next_plan, cycle=Cycle(next_cycle))
    return Subscription(
        subscription_id=subscription_id,
        user_id=user_id,
        terms=Terms(plan=plan, cycle=Cycle(cycle)),
        currency=Currency.of(currency),
        state=State(state),
        made_at=made_at,
        period=None if period_start is None else Period(period_start, period_end),
        anchor=anchor,
        cancels=cancels,
        next_terms=following,
        method_of=method_of,
        failures=failures,
        next_attempt_at=next_attempt_at,
        told_of_end=told_of_end,
        had_trial=had_trial,
        end_reason=None if end_reason is None else EndReason(end_reason),
        ended_at=ended_at,
    )
