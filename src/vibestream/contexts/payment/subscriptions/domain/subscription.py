"""The state machine of one subscription: pure, with the instant as an argument.

    incomplete --paid--> active --period over, attempt failed--> past_due --paid--> active
    trialing --paid--> active          any --> ended (cancelled, unpaid, abandoned, trial_over, reversed, refunded)

An active subscription whose period is over and whose renewal is on its way stays active: nothing is known to have gone
wrong. What it entitles to ends `GRACE` after its period whatever happens, and with its period when it was cancelled.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from vibestream.contexts.payment.subscriptions.domain.calendar import end_of, period_from
from vibestream.contexts.payment.subscriptions.domain.plans import Plan, Terms
from vibestream.kernel.errors import Conflict
from vibestream.kernel.ids import PaymentId, SubscriptionId, UserId
from vibestream.kernel.money import Currency
from vibestream.kernel.time import Period

RETRY_DAYS: Final = (1, 3, 7, 14)
"""Days after the end of a period on which renewing it is tried again; the first try is at its end."""
GRACE: Final = timedelta(days=7)
"""How long after its period an unpaid subscription still entitles."""
GIVEN_UP_AFTER: Final = timedelta(days=RETRY_DAYS[-1] + 1)
"""How long after its period an unpaid subscription ends, the last attempt having had a day to succeed."""
INCOMPLETE_FOR: Final = timedelta(days=2)
"""How long a first payment may take."""
TOLD_BEFORE: Final = timedelta(days=3)
"""How long before a trial ends, or a renewal that needs its payer, the owner is told."""


class State(enum.StrEnum):
    """How a subscription stands."""

    INCOMPLETE = "incomplete"
    """Waits for its first payment; entitles to nothing."""
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    """Its period is over and its renewal failed so far."""
    ENDED = "ended"


class EndReason(enum.StrEnum):
    """Why a subscription ended."""

    CANCELLED = "cancelled"
    UNPAID = "unpaid"
    ABANDONED = "abandoned"
    """Its first payment never came."""
    TRIAL_OVER = "trial_over"
    REVERSED = "reversed"
    """What had paid for it was taken back by the payer's bank or the gateway."""
    REFUNDED = "refunded"


class WrongState(Conflict):
    """The subscription does not stand so that this could be done with it."""

    code: ClassVar[str] = "subscriptions.wrong_state"

    def __init__(self, message: str, *, state: State) -> None:
        super().__init__(message)
        self.state = state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription, from its order to its end."""

    subscription_id: SubscriptionId
    user_id: UserId
    terms: Terms
    currency: Currency
    state: State
    made_at: datetime
    period: Period | None = None
    """What is entitled and paid for now; of a trial, the trial. It always has an end."""
    anchor: datetime | None = None
    cancels: bool = False
    """It ends with its period."""
    next_terms: Terms | None = None
    """What it is renewed as, when that is something else."""
    method_of: PaymentId | None = None
    """The payment whose method renewals charge."""
    failures: int = 0
    next_attempt_at: datetime | None = None
    """When renewing is tried next; None while an attempt is on its way."""
    told_of_end: datetime | None = None
    had_trial: bool = False
    end_reason: EndReason | None = None
    ended_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether it has not ended."""
        return self.state is not State.ENDED

    @property
    def renewed_as(self) -> Terms:
        """What its next period will be."""
        return self.next_terms or self.terms

    @property
    def entitled_until(self) -> datetime | None:
        """Until when it entitles to its plan as things stand; None when it does not."""
        if self.period is None or self.state in {State.INCOMPLETE, State.ENDED}:
            return None
        end = end_of(self.period)
        return end if self.cancels or self.state is State.TRIALING else end + GRACE


def begin(
    *, subscription_id: SubscriptionId, user_id: UserId, terms: Terms, currency: Currency, now: datetime
) -> Subscription:
    """Order a subscription; it waits for its first payment."""
    return Subscription(
        subscription_id=subscription_id,
        user_id=user_id,
        terms=terms,
        currency=currency,
        state=State.INCOMPLETE,
        made_at=now,
    )


def begin_trial(ordered: Subscription, *, plan: Plan, now: datetime) -> Subscription:
    """Begin the plan's trial instead of waiting for a payment.

    Raises:
        WrongState: the plan has no trial.
    """
    if plan.trial_days == 0:
        raise WrongState("This plan has no trial.", state=ordered.state)
    period = Period(now, now + timedelta(days=plan.trial_days))
    return replace(ordered, state=State.TRIALING, period=period, anchor=period.end, had_trial=True)


def first_period(subscription: Subscription, *, terms: Terms, at: datetime) -> Period:
    """Return the first paid period: from the end of a running trial, else from when it is paid."""
    running = subscription.state is State.TRIALING and subscription.period is not None
    trial_end = end_of(subscription.period) if running and subscription.period is not None else at
    start = max(at, trial_end)
    return period_from(start, anchor=start, months=terms.cycle.months)


def renewal_period(subscription: Subscription) -> Period:
    """Return the period after the present one.

    Raises:
        WrongState: it has none.
    """
    if subscription.period is None or subscription.anchor is None or subscription.state is State.TRIALING:
        raise WrongState("There is no period to renew.", state=subscription.state)
    end = end_of(subscription.period)
    return period_from(end, anchor=subscription.anchor, months=subscription.renewed_as.cycle.months)


def paid(
    subscription: Subscription, *, terms: Terms, period: Period, anchor: datetime, method_of: PaymentId | None
) -> Subscription:
    """Make it active on what was paid for. A method that was kept with the payment is charged from then on.

    Raises:
        WrongState: it has ended.
    """
    if not subscription.live:
        raise WrongState("This subscription has ended.", state=subscription.state)
    return replace(
        subscription,
        terms=terms,
        state=State.ACTIVE,
        period=period,
        anchor=anchor,
        next_terms=None,
        method_of=method_of or subscription.method_of,
        failures=0,
        next_attempt_at=period.end,
        told_of_end=None,
    )


def attempt_failed(subscription: Subscription, *, now: datetime) -> Subscription:
    """Put the next attempt on the first day of the schedule that is still to come; end it when there is none."""
    if subscription.period is None or subscription.state not in {State.ACTIVE, State.PAST_DUE}:
        return subscription
    end = end_of(subscription.period)
    if now < end:
        return subscription
    to_come = [day for day in RETRY_DAYS if end + timedelta(days=day) > now]
    failures = subscription.failures + 1
    if not to_come or failures > len(RETRY_DAYS):
        return ended(replace(subscription, failures=failures), reason=EndReason.UNPAID, now=now)
    return replace(
        subscription,
        state=State.PAST_DUE,
        failures=failures,
        next_attempt_at=end + timedelta(days=to_come[0]),
    )


def cancelled(subscription: Subscription, *, now: datetime) -> Subscription:
    """End it with its period; at once when that is over, or nothing was paid yet.

    Raises:
        WrongState: it has ended.
    """
    if not subscription.live:
        raise WrongState("This subscription has ended.", state=subscription.state)
    if subscription.state is State.INCOMPLETE or subscription.period is None:
        return ended(subscription, reason=EndReason.ABANDONED, now=now)
    if end_of(subscription.period) <= now:
        return ended(subscription, reason=EndReason.CANCELLED, now=now)
    return replace(subscription, cancels=True, next_terms=None)


def cancellation_undone(subscription: Subscription, *, now: datetime) -> Subscription:
    """Let it go on after its period after all.

    Raises:
        WrongState: it has ended, or its period is over.
    """
    if not subscription.live or subscription.period is None or end_of(subscription.period) <= now:
        raise WrongState("It is too late for that: subscribe again.", state=subscription.state)
    return replace(subscription, cancels=False)


def change_scheduled(subscription: Subscription, *, terms: Terms | None) -> Subscription:
    """Renew it as something else; None: as what it is.

    Raises:
        WrongState: it is not active, or it was cancelled.
    """
    if subscription.state is not State.ACTIVE or subscription.cancels:
        raise WrongState("Only an active subscription that goes on can be changed.", state=subscription.state)
    return replace(subscription, next_terms=None if terms == subscription.terms else terms)


def ended(subscription: Subscription, *, reason: EndReason, now: datetime) -> Subscription:
    """End it, whatever it was; one that has ended stays as it is."""
    if not subscription.live:
        return subscription
    return replace(
        subscription, state=State.ENDED, end_reason=reason, ended_at=now, next_attempt_at=None, next_terms=None
    )
