"""The frame of flows that tell one person of one event: what is told is written in the flow, how it is done stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.kernel.events import Event
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one person is told: the kind, and the facts that its sentences name.

    `key` is of the fact; None: the event is the fact. Heard again it has the same key, and tells nothing new.
    """

    user_id: UserId
    kind: Kind
    facts: Mapping[str, str | int]
    key: str | None = None


def on(event: type[E], says: Callable[[E], Told], *, consumer: str) -> Subscription[E]:
    """Return the subscription that tells what `says` makes of each event. Notifications stand alone: order is not kept."""

    async def tell(tx: Tx, heard: E) -> None:
        told = says(heard)
        await notifications.tell(
            tx,
            user_id=told.user_id,
            kind=told.kind,
            key=told.key or str(heard.event_id),
            facts=told.facts,
            now=utc_now(),
        )

    return Subscription(event=event, consumer=consumer, handle=tell, poison=Poison.SKIP)
