"""Payees are told what becomes of their payouts, and that money will be sent somewhere else: a thief will not tell them."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.payment.events import (
    PayoutDestinationChanged,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
)
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def tell_change(tx: Tx, event: PayoutDestinationChanged) -> None:
    """Tell the owner of the account, once per change, or that a first destination was set."""
    await notifications.tell(
        tx,
        user_id=event.user_id,
        kind=Kind.DESTINATION_SET if event.first else Kind.DESTINATION_CHANGED,
        key=str(event.event_id),
        facts={"method": event.method, "when": event.usable_from.isoformat()},
        now=utc_now(),
    )


async def tell_paid(tx: Tx, event: PayoutPaid) -> None:
    """Tell a payee that a payout arrived."""
    await _tell(tx, Kind.PAYOUT_PAID, event)


async def tell_returned(tx: Tx, event: PayoutReturned) -> None:
    """Tell a payee that a payout came back and is theirs again."""
    await _tell(tx, Kind.PAYOUT_RETURNED, event)


async def tell_failed(tx: Tx, event: PayoutFailed) -> None:
    """Tell a payee that a payout was not sent; which of us said no stands on its page, and how we came to it nowhere."""
    await _tell(tx, Kind.PAYOUT_FAILED, event)


async def _tell(tx: Tx, kind: Kind, event: PayoutPaid | PayoutReturned | PayoutFailed) -> None:
    facts: dict[str, str | int] = {
        "minor": event.amount.minor,
        "currency": event.amount.currency.code,
        "method": event.method,
        "when": event.occurred_at.isoformat(),
    }
    # Heard again, it is the same event, and tells nothing new.
    await notifications.tell(tx, user_id=event.user_id, kind=kind, key=str(event.event_id), facts=facts, now=utc_now())


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=PayoutDestinationChanged, consumer="tell_payees", handle=tell_change, poison=Poison.SKIP),
    Subscription(event=PayoutPaid, consumer="tell_payees", handle=tell_paid, poison=Poison.SKIP),
    Subscription(event=PayoutReturned, consumer="tell_payees", handle=tell_returned, poison=Poison.SKIP),
    Subscription(event=PayoutFailed, consumer="tell_payees", handle=tell_failed, poison=Poison.SKIP),
)
