"""The owner of an account is told by mail that money will be sent somewhere else: whoever took it over will not tell them."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.payment.events import PayoutDestinationChanged
from vibestream.contexts.user.accounts import service as accounts
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription
from vibestream.platform.jobs import defer


async def mail_change(tx: Tx, event: PayoutDestinationChanged) -> None:
    """Have the owner of the account told, once per change: the event's id is the message's."""
    await defer(
        tx,
        accounts.mail_payout_destination,
        mail_id=str(event.event_id),
        user_id=str(event.user_id),
        method=event.method,
        usable_from=event.usable_from.isoformat(),
    )


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=PayoutDestinationChanged, consumer="tell_payees", handle=mail_change, poison=Poison.SKIP),
)
