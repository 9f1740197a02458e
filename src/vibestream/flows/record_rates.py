"""A rate of exchange takes two people: the security log says who proposed it and who published it."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.payment.events import RatePublished
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def record_rate(tx: Tx, event: RatePublished) -> None:
    """Note at whoever proposed a rate what it was, and who published it."""
    if await audit_log.known(tx, user_id=event.proposed_by):
        published_by = event.published_by if await audit_log.known(tx, user_id=event.published_by) else None
        await audit_log.record(
            tx,
            action=Action.RATE_PUBLISHED,
            user_id=event.proposed_by,
            actor_id=published_by,
            now=event.occurred_at,
            detail=f"{event.pair} {event.rate}",
        )


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=RatePublished, consumer="record_rates", handle=record_rate, poison=Poison.SKIP),
)
