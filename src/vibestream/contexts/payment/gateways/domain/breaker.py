"""A circuit breaker as a pure state machine: when a gateway is asked, and when it is left alone.

    closed     every call goes through; the outcomes of the last ones are kept
    open       no call goes through, until its time is over
    half-open  exactly one call goes through, the probe; its outcome closes or opens the breaker again

Each admission is a ticket. A ticket of an earlier state counts for nothing: a call that was begun before the breaker
opened cannot close it, and a probe that never reports back (its process's task was cancelled) is replaced after a while.
Times are milliseconds of any clock that never goes back.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import Final

WINDOW: Final = 20
"""Outcomes that are kept while closed."""
FEWEST_FAILURES: Final = 5
"""So many of the window must have failed, and at least half of it, before the breaker opens."""
FIRST_PAUSE_MS: Final = 5_000
LONGEST_PAUSE_MS: Final = 120_000
PROBE_MS: Final = 60_000
"""After this long without an outcome, the probe is given up and another one may go."""


class State(enum.StrEnum):
    """What a breaker does with the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Ticket:
    """The permission for one call, to be handed back with its outcome."""

    generation: int
    probe: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """One gateway's breaker."""

    state: State = State.CLOSED
    generation: int = 0
    """Rises with every change of state and every new probe; tickets of an earlier one are stale."""
    outcomes: tuple[bool, ...] = ()
    """The last ones while closed, True for well."""
    until_ms: int = 0
    """Open: when it may be tried again. Half-open: when the probe is given up."""
    pause_ms: int = FIRST_PAUSE_MS
    """How long the next opening lasts."""


def admit(breaker: Breaker, *, now_ms: int) -> tuple[Breaker, Ticket | None]:
    """Return the breaker after a call asked to go through, and its ticket; None when it must not."""
    if breaker.state is State.CLOSED:
        return breaker, Ticket(breaker.generation, probe=False)
    if now_ms < breaker.until_ms:
        return breaker, None
    probing = replace(
        breaker, state=State.HALF_OPEN, generation=breaker.generation + 1, outcomes=(), until_ms=now_ms + PROBE_MS
    )
    return probing, Ticket(probing.generation, probe=True)


def report(breaker: Breaker, ticket: Ticket, *, well: bool, now_ms: int) -> Breaker:
    """Return the breaker after a call came back. Well is any answer of a gateway that works, a refusal included."""
    if ticket.generation != breaker.generation:
        return breaker
    if ticket.probe:
        return _closed(breaker) if well else _opened(breaker, now_ms=now_ms)
    outcomes = (*breaker.outcomes, well)[-WINDOW:]
    failures = outcomes.count(False)
    if not well and failures >= FEWEST_FAILURES and 2 * failures >= len(outcomes):
        return _opened(breaker, now_ms=now_ms)
    return replace(breaker, outcomes=outcomes)


def give_up(breaker: Breaker, ticket: Ticket, *, now_ms: int) -> Breaker:
    """Return the breaker after a call ended without an outcome: its task was cancelled, which says nothing."""
    if ticket.generation != breaker.generation or not ticket.probe:
        return breaker
    return replace(breaker, until_ms=now_ms)


def would_admit(breaker: Breaker, *, now_ms: int) -> bool:
    """Say whether a call would go through now, without asking for it."""
    return breaker.state is State.CLOSED or now_ms >= breaker.until_ms


def _opened(breaker: Breaker, *, now_ms: int) -> Breaker:
    return Breaker(
        state=State.OPEN,
        generation=breaker.generation + 1,
        until_ms=now_ms + breaker.pause_ms,
        pause_ms=min(2 * breaker.pause_ms, LONGEST_PAUSE_MS),
    )


def _closed(breaker: Breaker) -> Breaker:
    return Breaker(generation=breaker.generation + 1)
