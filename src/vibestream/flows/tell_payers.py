"""Whoever pays is told: receipts, refunds, what failed, what is due and what is about to end."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from vibestream.contexts.payment.events import (
    PaymentCaptured,
    PaymentRefunded,
    RenewalDue,
    RenewalFailed,
    TrialEnding,
)
from vibestream.contexts.user.notifications.service import Kind
from vibestream.flows.telling import Told, on
from vibestream.platform.events.subscriptions import Subscription

_CONSUMER: Final = "tell_payers"


def _receipt(event: PaymentCaptured) -> Told:
    """Send the receipt of a payment."""
    return _of(Kind.RECEIPT, event, what=event.purpose, when=event.occurred_at)


def _refund(event: PaymentRefunded) -> Told:
    """Say that a payment, or some of it, went back."""
    return _of(Kind.REFUND, event, what=event.purpose, when=event.occurred_at)


def _failure(event: RenewalFailed) -> Told:
    """Say that a renewal failed and when it is tried again, or that the subscription has ended by it."""
    kind = Kind.RENEWAL_FAILED if event.next_try_at else Kind.SUBSCRIPTION_UNPAID
    return _of(kind, event, what=event.plan, when=event.next_try_at or event.occurred_at)


def _renewal(event: RenewalDue) -> Told:
    """Ask the owner of a subscription to pay for its next period."""
    return _of(Kind.RENEWAL_DUE, event, what=event.plan, when=event.period_end)


def _trial(event: TrialEnding) -> Told:
    """Say that a trial is about to end, and what going on costs."""
    return _of(Kind.TRIAL_ENDS, event, what=event.plan, when=event.ends_at)


def _of(
    kind: Kind,
    event: PaymentCaptured | PaymentRefunded | RenewalFailed | RenewalDue | TrialEnding,
    *,
    what: str,
    when: datetime,
) -> Told:
    facts: dict[str, str | int] = {
        "minor": event.amount.minor,
        "currency": event.amount.currency.code,
        "what": what,
        "when": when.isoformat(),
    }
    return Told(user_id=event.user_id, kind=kind, facts=facts)


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    on(PaymentCaptured, _receipt, consumer=_CONSUMER),
    on(PaymentRefunded, _refund, consumer=_CONSUMER),
    on(RenewalFailed, _failure, consumer=_CONSUMER),
    on(RenewalDue, _renewal, consumer=_CONSUMER),
    on(TrialEnding, _trial, consumer=_CONSUMER),
)
