"""When an outside party is asked, and when it is left alone: a pure state machine.

Times are milliseconds of any clock that never goes back.

Closed, every call goes through. After five failures in a row it opens, and no call does. When its time is over exactly one
goes through, and what comes of it closes or opens it again; a probe that never came back is replaced after ten seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FAILURES: Final = 5
PAUSE_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Breaker:
    """How an outside party has been doing."""

    failures: int = 0
    """In a row."""
    open_until_ms: int | None = None
    """None while closed."""


def admit(breaker: Breaker, *, now_ms: int) -> tuple[Breaker, bool]:
    """Return the breaker after somebody asked to call, and whether they may."""
    if breaker.open_until_ms is None:
        return breaker, True
    if now_ms < breaker.open_until_ms:
        return breaker, False
    return Breaker(breaker.failures, now_ms + PAUSE_MS), True


def report(breaker: Breaker, *, well: bool, now_ms: int) -> Breaker:
    """Return the breaker after a call came back."""
    if well:
        return Breaker()
    failures = breaker.failures + 1
    return Breaker(failures, now_ms + PAUSE_MS if failures >= FAILURES else breaker.open_until_ms)
