"""The event base: a fact in the past tense, announced by one context and heard by flows.

An event is a frozen dataclass of ids, Money, instants and primitives. Its `type` and `version` name its schema for
ever: a changed meaning is a new version. `key` orders it: events of one key are delivered in the order in which their
transactions committed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from vibestream.kernel.ids import EventId, new_id


def _new_event_id() -> EventId:
    return EventId(new_id())


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact that happened. Subclasses set `type` and `version`, name what is `personal`, and define `key`."""

    type: ClassVar[str]
    """Reverse-domain style name without version, such as `vibestream.music.track_published`."""
    version: ClassVar[int] = 1
    personal: ClassVar[tuple[str, ...]] = ()
    """Fields that tell of a person and are emptied when they are erased: texts, and tuples of texts."""

    occurred_at: datetime
    event_id: EventId = field(default_factory=_new_event_id)

    @property
    def key(self) -> str:
        """The ordering key: the id of what the event is about."""
        raise UnkeyedEvent(type(self))


class UnkeyedEvent(TypeError):
    """An event class without a `key`: a defect of the class, not of the input."""

    def __init__(self, event_class: type[Event]) -> None:
        super().__init__(f"{event_class.__name__} does not define key")
