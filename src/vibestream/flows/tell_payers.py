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
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.kernel.events import Event
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def tell_receipt(tx: Tx, event: PaymentCaptured) -> None:
    """Send the receipt of a payment."""
    await _tell(tx, event, Kind.RECEIPT, event.user_id, event.amount, what=event.purpose)


async def tell_refund(tx: Tx, event: PaymentRefunded) -> None:
    """Say that a payment, or some of it, went back."""
    await _tell(tx, event, Kind.REFUND, event.user_id, event.amount, what=event.purpose)


async def tell_failure(tx: Tx, event: RenewalFailed) -> None:
    """Say that a renewal failed and when it is tried again, or that the subscription has ended by it."""
    kind = Kind.RENEWAL_FAILED if event.next_try_at else Kind.SUBSCRIPTION_UNPAID
    await _tell(tx, event, kind, event.user_id, event.amount, what=event.plan, when=event.next_try_at)


async def tell_due(tx: Tx, event: RenewalDue) -> None:
    """Ask the owner of a subscription to pay for its next period."""
    await _tell(tx, event, Kind.RENEWAL_DUE, event.user_id, event.amount, what=event.plan, when=event.period_end)


async def tell_trial(tx: Tx, event: TrialEnding) -> None:
    """Say that a trial is about to end, and what going on costs."""
    await _tell(tx, event, Kind.TRIAL_ENDS, event.user_id, event.amount, what=event.plan, when=event.ends_at)


async def _tell(
    tx: Tx,
    event: Event,
    kind: Kind,
    user_id: UserId,
    amount: Money,
    *,
    what: str,
    when: datetime | None = None,
) -> None:
    facts: dict[str, str | int] = {
        "minor": amount.minor,
        "currency": amount.currency.code,
        "what": what,
        "when": (when or event.occurred_at).isoformat(),
    }
    # Heard again, it is the same event, and tells nothing new.
    await notifications.tell(tx, user_id=user_id, kind=kind, key=str(event.event_id), facts=facts, now=utc_now())


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=PaymentCaptured, consumer="tell_payers", handle=tell_receipt, poison=Poison.SKIP),
    Subscription(event=PaymentRefunded, consumer="tell_payers", handle=tell_refund, poison=Poison.SKIP),
    Subscription(event=RenewalFailed, consumer="tell_payers", handle=tell_failure, poison=Poison.SKIP),
    Subscription(event=RenewalDue, consumer="tell_payers", handle=tell_due, poison=Poison.SKIP),
    Subscription(event=TrialEnding, consumer="tell_payers", handle=tell_trial, poison=Poison.SKIP),
)
