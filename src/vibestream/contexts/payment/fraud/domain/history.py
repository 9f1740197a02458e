"""How far back anything is looked at, and what is read of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

LABEL_DELAY: Final = timedelta(days=7)
"""Fraud is reported late: how often an entity's events were fraud is counted over windows that ended a week ago.

Source: Fraud Detection Handbook, chapter 3, "Terminal ID transformations"."""
HORIZON: Final = LABEL_DELAY + timedelta(days=30)
"""Nothing older than this plays a part."""
MOST_EVENTS: Final = 200
"""A window holds at most so many of the latest events: an entity that all share, such as a mail provider, costs no more to
look at than that, and above it more says nothing more."""

ASKED: Final = "asked"
"""The entity of the row that is the decision's own event."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """An event of an entity, its values as numbers that are equal where the values are; 0 for none."""

    entity: str
    """By which it was found, a name in `statistics.tables.ENTITIES`, or ASKED."""
    at_ms: int
    """Milliseconds since 1970."""
    cents: int
    codes: tuple[int, ...]
    """In the order of `statistics.tables.CODES`: user, method, device, network, domain, payee, country."""
    declined: bool
    fraud: bool
