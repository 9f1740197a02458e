"""An event as it is stored, and the order in which events are handed to their handlers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from vibestream.kernel.events import Event
from vibestream.platform.events.subscriptions import Subscription


class Envelope(NamedTuple):
    """A row of the outbox, as far as delivering it needs."""

    seq: int
    xid: int
    event_id: UUID
    type: str
    version: int
    key: str
    data: str
    correlation_id: UUID


@dataclass(slots=True)
class Batch:
    """Events for one subscription, to be handled in one call, in order."""

    subscription: Subscription[Any]
    envelopes: list[Envelope] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def arrange(heard: Iterable[tuple[Subscription[Any], Envelope, Event]]) -> list[Batch]:
    """Return the events as few batches, such that each key's events keep their order across all batches.

    An event joins the latest batch of its subscription unless an event of its own key already lies in a later batch.
    """
    batches: list[Batch] = []
    latest_of_subscription: dict[int, int] = {}
    latest_of_key: dict[str, int] = {}
    for subscription, envelope, event in heard:
        place = latest_of_subscription.get(id(subscription), -1)
        if place < latest_of_key.get(envelope.key, 0):
            place = len(batches)
            batches.append(Batch(subscription))
            latest_of_subscription[id(subscription)] = place
        latest_of_key[envelope.key] = place
        batches[place].envelopes.append(envelope)
        batches[place].events.append(event)
    return batches
