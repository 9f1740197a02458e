"""The owner of an account is told that money will be sent somewhere else: whoever took it over will not tell them."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.payment.events import PayoutDestinationChanged
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def tell_change(tx: Tx, event: PayoutDestinationChanged) -> None:
    """Tell the owner of the account, once per change."""
    await notifications.tell(
        tx,
        user_id=event.user_id,
        kind=Kind.DESTINATION_CHANGED,
        key=str(event.event_id),
        facts={"method": event.method, "when": event.usable_from.isoformat()},
        now=utc_now(),
    )


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=PayoutDestinationChanged, consumer="tell_payees", handle=tell_change, poison=Poison.SKIP),
)
