"""What an event of a payment tells beyond its type, as names and values that a page can say in any language."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.kernel.money import Money

_TOLD: Final = (
    *("gateway", "number", "payment_ref", "refund_ref", "dispute_ref", "warning_ref"),
    *("amount", "fee", "verdict", "reasons", "approved", "won", "found", "act", "reason", "detail", "key"),
)
"""Fields of events that whoever looks after money wants to read, in the order in which they are read."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: a field of the event, and its value; an enumeration's is its own word."""

    name: str
    value: Money | bool | int | str | tuple[str, ...]


def facts_of(event: e.Happened) -> tuple[Fact, ...]:
    """Return an event's facts; what is empty is left out."""
    told = ((name, getattr(event, name, None)) for name in _TOLD)
    return tuple(
        Fact(name, value.value if isinstance(value, enum.StrEnum) else value)
        for name, value in told
        if value not in (None, "", ())
    )
