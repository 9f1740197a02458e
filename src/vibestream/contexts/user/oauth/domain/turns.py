"""When the keys that sign ID tokens take turns.

A key is published a day before it signs, longer than anybody may keep the list of keys (an hour), and a day after the
next one has taken its place, longer than what it signed is good for (ten minutes).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

SIGNS_FOR: Final = timedelta(days=90)
AHEAD: Final = timedelta(days=1)
BEHIND: Final = timedelta(days=1)


def signing(turns: Sequence[datetime], now: datetime) -> int | None:
    """Return which key signs now: the last that has begun. `turns` are the instants from which each signs, ascending."""
    begun = [number for number, since in enumerate(turns) if since <= now]
    return begun[-1] if begun else None


def next_turn(turns: Sequence[datetime], now: datetime) -> datetime | None:
    """Return from when a key that has to be made now will sign; None when none has to be made."""
    if signing(turns, now) is None:
        return now
    due = turns[-1] + SIGNS_FOR
    return max(due, now + AHEAD) if due - AHEAD <= now else None


def retired(turns: Sequence[datetime], now: datetime) -> int:
    """Return how many of the first keys are not published any more."""
    return sum(after + BEHIND <= now for after in turns[1:])
