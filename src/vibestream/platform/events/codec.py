"""Events as JSON: what is written in the outbox is the whole event, every field by its name.

Ids are text, instants are ISO 8601 with their zone, Money is `{"minor": ..., "currency": {...}}`, tuples are arrays.
Reading is strict: a string is no number, a number no string, and a missing field is an error unless the class gives it
a default. Unknown fields are ignored, so that a reader one release behind a writer still reads.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.events import Event


class UnreadableEvent(InvalidInput):
    """Stored event data that its class does not accept: a defect of a sender or of a schema change."""

    code = "events.unreadable"

    def __init__(self, event_class: type[Event], reason: str) -> None:
        super().__init__(f"Not a {event_class.type} version {event_class.version}: {reason}")
        self.type = event_class.type
        self.version = event_class.version


def encode(event: Event) -> str:
    """Return the event's fields as a JSON object."""
    return _adapter(type(event)).dump_json(event).decode()


def decode(event_class: type[Event], data: str) -> Event:
    """Return the event that `encode` wrote.

    Raises:
        UnreadableEvent: the data is not what the class says.
    """
    try:
        event: Event = _adapter(event_class).validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnreadableEvent(event_class, f"{where}: {first['msg']}") from None
    return event


@lru_cache(maxsize=None)
def _adapter(event_class: type[Event]) -> TypeAdapter[Any]:
    return TypeAdapter(event_class)
