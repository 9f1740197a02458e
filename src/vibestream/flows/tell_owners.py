"""The owner of an account is told that it was entered from somewhere new: whoever stole the password will not tell them."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.user.events import EnteredFromNewDevice
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def tell_entered(tx: Tx, event: EnteredFromNewDevice) -> None:
    """Tell the owner of the account, once per sign-in from a new place."""
    await notifications.tell(
        tx,
        user_id=event.user_id,
        kind=Kind.NEW_DEVICE,
        key=str(event.event_id),
        facts={"device": event.device, "network": event.network or "?", "when": event.occurred_at.isoformat()},
        now=utc_now(),
    )


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=EnteredFromNewDevice, consumer="tell_owners", handle=tell_entered, poison=Poison.SKIP),
)
