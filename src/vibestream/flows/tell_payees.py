"""Payees are told what becomes of their payouts, and that money will be sent somewhere else: a thief will not tell them."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.payment.events import (
    PayoutDestinationChanged,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
)
from vibestream.contexts.user.notifications.service import Kind
from vibestream.flows.telling import Told, on
from vibestream.platform.events.subscriptions import Subscription

_CONSUMER: Final = "tell_payees"


def _change(event: PayoutDestinationChanged) -> Told:
    """Say it once per change, or that a first destination was set."""
    kind = Kind.DESTINATION_SET if event.first else Kind.DESTINATION_CHANGED
    facts = {"method": event.method, "when": event.usable_from.isoformat()}
    return Told(user_id=event.user_id, kind=kind, facts=facts)


def _paid(event: PayoutPaid) -> Told:
    """Say that a payout arrived."""
    return _of(Kind.PAYOUT_PAID, event)


def _returned(event: PayoutReturned) -> Told:
    """Say that a payout came back and is theirs again."""
    return _of(Kind.PAYOUT_RETURNED, event)


def _failed(event: PayoutFailed) -> Told:
    """Say that a payout was not sent; which of us said no stands on its page, and how we came to it nowhere."""
    return _of(Kind.PAYOUT_FAILED, event)


def _of(kind: Kind, event: PayoutPaid | PayoutReturned | PayoutFailed) -> Told:
    facts: dict[str, str | int] = {
        "minor": event.amount.minor,
        "currency": event.amount.currency.code,
        "method": event.method,
        "when": event.occurred_at.isoformat(),
    }
    return Told(user_id=event.user_id, kind=kind, facts=facts)


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    on(PayoutDestinationChanged, _change, consumer=_CONSUMER),
    on(PayoutPaid, _paid, consumer=_CONSUMER),
    on(PayoutReturned, _returned, consumer=_CONSUMER),
    on(PayoutFailed, _failed, consumer=_CONSUMER),
)
