"""Who hears which events: the declarations that flows expose as `SUBSCRIPTIONS` and the worker collects."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from vibestream.kernel.events import Event
from vibestream.platform.database import Tx

E = TypeVar("E", bound=Event)


class Poison(enum.Enum):
    """What an event that its handler keeps refusing does to later events of the same key, until it is a dead letter."""

    BLOCK_KEY = "block_key"
    """They wait: where order is part of the meaning (money, states)."""
    SKIP = "skip"
    """They pass: where each event stands alone (notifications, counts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(Generic[E]):
    """One consumer's interest in one event class. Give `handle` or `handle_batch`, not both.

    A consumer may subscribe to several event classes and then receives each key's events in order across them.
    Handlers take the transaction in which their effect, their inbox row and the relay's progress are committed; they
    call services, defer jobs and publish events, and do nothing outside the database. `handle_batch` is given events
    in order, and must mean the same as handling them one by one: after a failure it is called with one at a time.

    A new consumer starts with the oldest event that the outbox still holds (`Settings.event_retention_days`).
    """

    event: type[E]
    consumer: str
    """Stable name of the process, such as `publish_track`; a renamed consumer is a new one and starts anew."""
    handle: Callable[[Tx, E], Awaitable[None]] | None = None
    handle_batch: Callable[[Tx, Sequence[E]], Awaitable[None]] | None = None
    poison: Poison = Poison.BLOCK_KEY

    def __post_init__(self) -> None:
        if (self.handle is None) == (self.handle_batch is None):
            raise ValueError(f"{self.consumer}: give either handle or handle_batch")


class Consumers:
    """All subscriptions of a process, by consumer and event class.

    Raises:
        ValueError: two subscriptions of one consumer to one event class, or with different poison policies.
    """

    def __init__(self, subscriptions: Iterable[Subscription[Any]]) -> None:
        self._by_consumer: dict[str, dict[tuple[str, int], Subscription[Any]]] = {}
        for subscription in subscriptions:
            heard = self._by_consumer.setdefault(subscription.consumer, {})
            name = (subscription.event.type, subscription.event.version)
            if name in heard:
                raise ValueError(f"{subscription.consumer} subscribes twice to {name[0]} version {name[1]}")
            if any(other.poison is not subscription.poison for other in heard.values()):
                raise ValueError(f"{subscription.consumer} has two poison policies")
            heard[name] = subscription
        self.names: tuple[str, ...] = tuple(sorted(self._by_consumer))
        self.types: tuple[str, ...] = tuple(sorted({kind for heard in self._by_consumer.values() for kind, _ in heard}))

    def only(self, consumer: str) -> Consumers:
        """Return one consumer's subscriptions alone."""
        return Consumers(self._by_consumer[consumer].values())

    def types_of(self, consumer: str) -> frozenset[str]:
        """Return the event types that a consumer hears, in any version."""
        return frozenset(kind for kind, _ in self._by_consumer[consumer])

    def subscription(self, consumer: str, event_type: str, version: int) -> Subscription[Any] | None:
        """Return the consumer's subscription to exactly this schema, None when it has none."""
        return self._by_consumer[consumer].get((event_type, version))

    def poison_of(self, consumer: str) -> Poison:
        """Return the consumer's policy."""
        return next(iter(self._by_consumer[consumer].values())).poison
