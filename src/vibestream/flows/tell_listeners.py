"""Listeners are told that a person looks at their listens, and that it was decided; where they may speak stands with it."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.listen_reward.events import ListensDecided, ListensHeld
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def tell_held(tx: Tx, event: ListensHeld) -> None:
    """Say that listens wait, and until when; of what they are suspected is not said."""
    await notifications.tell(
        tx,
        user_id=event.user_id,
        kind=Kind.LISTENS_HELD,
        key=str(event.case_id),
        facts={"when": event.due_at.isoformat()},
        now=utc_now(),
    )


async def tell_decided(tx: Tx, event: ListensDecided) -> None:
    """Say that a person decided; how, stands at one's own page."""
    await notifications.tell(
        tx,
        user_id=event.user_id,
        kind=Kind.LISTENS_DECIDED,
        key=str(event.case_id),
        facts={"when": event.occurred_at.isoformat()},
        now=utc_now(),
    )


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=ListensHeld, consumer="tell_listeners", handle=tell_held, poison=Poison.SKIP),
    Subscription(event=ListensDecided, consumer="tell_listeners", handle=tell_decided, poison=Poison.SKIP),
)
