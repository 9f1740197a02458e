"""Events as JSON: what is written in the outbox is the whole event, every field by its name.

Ids are text, instants are ISO 8601 with their zone, Money is `{"minor": ..., "currency": {...}}`, tuples are arrays.
Reading is strict: a string is no number, a number no string, and a missing field is an error unless the class gives it
a default. Unknown fields are ignored, so that a reader one release behind a writer still reads.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.events import Event


class UnreadableEvent(InvalidInput):
    """Stored event data that its class does not accept: a defect of a sender or of a schema change."""

    code = "events.unreadable"

    def __init__(self, event_type: str, version: int, reason: str) -> None:
        super().__init__(f"Not a readable {event_type} version {version}: {reason}")
        self.event_type = event_type
        self.version = version


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
        raise UnreadableEvent(event_class.type, event_class.version, f"{where}: {first['msg']}") from None
    return event


def _adapter(event_class: type[Event]) -> TypeAdapter[Any]:
    adapter = _adapters.get(event_class)
    if adapter is None:
        adapter = _adapters[event_class] = TypeAdapter(event_class)
    return adapter


_adapters: Final[dict[type[Event], TypeAdapter[Any]]] = {}
