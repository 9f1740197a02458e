"""What time asks for: what a subscription does next by the clock alone."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Final

from vibestream.contexts.payment.subscriptions.domain.calendar import end_of
from vibestream.contexts.payment.subscriptions.domain.subscription import (
    GIVEN_UP_AFTER,
    INCOMPLETE_FOR,
    TOLD_BEFORE,
    EndReason,
    State,
    Subscription,
)


class Step(enum.Enum):
    """What is to be done with a subscription now."""

    NOTHING = "nothing"
    TELL_TRIAL_ENDS = "tell_trial_ends"
    TELL_RENEWAL_DUE = "tell_renewal_due"
    """Its renewal will need its payer, because there is no method to charge."""
    RENEW = "renew"
    END_ABANDONED = "end_abandoned"
    END_TRIAL_OVER = "end_trial_over"
    END_CANCELLED = "end_cancelled"
    END_UNPAID = "end_unpaid"


ENDS: Final = {
    Step.END_ABANDONED: EndReason.ABANDONED,
    Step.END_TRIAL_OVER: EndReason.TRIAL_OVER,
    Step.END_CANCELLED: EndReason.CANCELLED,
    Step.END_UNPAID: EndReason.UNPAID,
}
"""Steps that end it, and why."""


def next_step(subscription: Subscription, *, now: datetime) -> Step:
    """Return what time asks for. Carrying it out changes the subscription, so that the same is not asked for again."""
    if not subscription.live:
        return Step.NOTHING
    if subscription.state is State.INCOMPLETE or subscription.period is None:
        return Step.END_ABANDONED if subscription.made_at + INCOMPLETE_FOR <= now else Step.NOTHING
    end = end_of(subscription.period)
    return _after_the_end(subscription, end=end, now=now) if end <= now else _before(subscription, end=end, now=now)


def _after_the_end(subscription: Subscription, *, end: datetime, now: datetime) -> Step:
    if subscription.state is State.TRIALING:
        return Step.END_TRIAL_OVER
    if subscription.cancels:
        return Step.END_CANCELLED
    if end + GIVEN_UP_AFTER <= now:
        return Step.END_UNPAID
    due = subscription.next_attempt_at is not None and subscription.next_attempt_at <= now
    return Step.RENEW if due else Step.NOTHING


def _before(subscription: Subscription, *, end: datetime, now: datetime) -> Step:
    if subscription.cancels or now < end - TOLD_BEFORE or subscription.told_of_end == end:
        return Step.NOTHING
    if subscription.state is State.TRIALING:
        return Step.TELL_TRIAL_ENDS
    return Step.TELL_RENEWAL_DUE if subscription.method_of is None else Step.NOTHING
