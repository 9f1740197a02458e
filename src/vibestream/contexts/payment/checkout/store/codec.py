"""Events of streams as JSON: every field by its name, read strictly.

Ids and instants are text, Money is `{"minor": ..., "currency": {...}}`. A field that was added later reads as its default.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import TypeAdapter, ValidationError

from vibestream.contexts.payment.checkout.domain.events import EVENTS, Happened
from vibestream.kernel.errors import InvalidInput


class UnreadableHistory(InvalidInput):
    """A stored event that its class does not accept: a defect, of a change of its class or of who wrote it."""

    code: ClassVar[str] = "checkout.unreadable_history"

    def __init__(self, event_type: str, reason: str) -> None:
        super().__init__(f"Not a readable {event_type} of a payment: {reason}")
        self.event_type = event_type


def encode(event: Happened) -> str:
    """Return the event's fields as a JSON object."""
    return _adapter(type(event)).dump_json(event).decode()


def decode(event_type: str, data: str) -> Happened:
    """Return the event that `encode` wrote.

    Raises:
        UnreadableHistory: there is no such event, or the data is not what it says.
    """
    event_class = EVENTS.get(event_type)
    if event_class is None:
        raise UnreadableHistory(event_type, "no such event")
    try:
        event: Happened = _adapter(event_class).validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UnreadableHistory(event_type, f"{first['loc']}: {first['msg']}") from None
    return event


def _adapter(event_class: type[Happened]) -> TypeAdapter[Any]:
    adapter = _adapters.get(event_class)
    if adapter is None:
        adapter = _adapters[event_class] = TypeAdapter(event_class)
    return adapter


_adapters: Final[dict[type[Happened], TypeAdapter[Any]]] = {}
