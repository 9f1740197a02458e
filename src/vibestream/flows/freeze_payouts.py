"""Nothing is paid out for a while to somebody whose address was changed: it is how an account is taken over for good."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.user.events import EmailChanged
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def freeze(tx: Tx, event: EmailChanged) -> None:
    """Have payouts wait as long as after a change of where they go, counted from the change of the address."""
    await payouts.freeze(tx, user_id=event.user_id, since=event.occurred_at)


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=EmailChanged, consumer="freeze_payouts", handle=freeze, poison=Poison.BLOCK_KEY),
)
