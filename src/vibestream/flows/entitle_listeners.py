"""What somebody may hear changes with a subscription: music, which serves it, keeps the best quality of each listener."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.music.delivery import service as delivery
from vibestream.contexts.payment.events import SubscriptionChanged
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Subscription


async def set_quality(tx: Tx, event: SubscriptionChanged) -> None:
    """Let a listener hear up to what they are entitled to, as long as that is known to last."""
    await delivery.set_quality(
        tx,
        user_id=event.user_id,
        max_kbps=event.max_kbps,
        lossless=event.lossless,
        until=event.until,
        as_of=event.occurred_at,
    )


# An end that overtook its beginning would leave a listener with what they do not pay for: the key's order is kept.
SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=SubscriptionChanged, consumer="entitle_listeners", handle=set_quality),
)
