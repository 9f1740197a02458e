"""What the heartbeats of one listen say of whoever sent them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

PER_MILLE: Final = 1_000
_SIGNED: Final = 16
"""Steps that a signature is made of, at most: what was sent until a listen of thirty seconds was accepted."""
_LEAST_STEPS: Final = 3
"""Fewer steps than this are too few to know a session by."""
_LEAST_UNEVEN: Final = 2
"""Of them, those that are no whole seconds: exact players of honest people are all the same."""
_WHOLE_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One heartbeat as it was taken; `at_ms` is the player's clock since the listen was opened."""

    at_ms: int
    position_ms: int
    state: str
    muted: bool = False
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Signals:
    """Heartbeats summed up, from the first until enough time for a listen had passed."""

    beats: int
    jitter_ms: float
    """How far the steps of the player's clock lie from their median, on average."""
    lag_ms: float
    """How far what was played differs from the time that passed, on average of the steps."""
    exact_pm: int
    """Steps of whole seconds, per mille: timers of people's players are late by a few milliseconds."""
    muted_pm: int
    hidden_pm: int
    seeks: int
    start_ms: int
    signature: int | None
    """The same for sessions whose every step is the same; None when the steps are too few or too round to tell."""


def signals_of(taken: Sequence[Heartbeat], *, enough_ms: int) -> Signals:
    """Return what heartbeats say, in the order of their numbers.

    Those that came after the time that a listen takes are left out, so that it does not matter how they were batched, nor
    how late the evidence was by which the listen was proven.
    """
    beats = _until(taken, enough_ms)
    steps = [(b.at_ms - a.at_ms, b.position_ms - a.position_ms) for a, b in pairwise(beats)]
    clocks = [clock for clock, _ in steps]
    middle = median(clocks) if clocks else 0.0
    return Signals(
        beats=len(beats),
        jitter_ms=_mean([abs(clock - middle) for clock in clocks]),
        lag_ms=_mean([abs(clock - moved) for clock, moved in steps]),
        exact_pm=_per_mille([clock % _WHOLE_MS == 0 for clock in clocks]),
        muted_pm=_per_mille([one.muted for one in beats]),
        hidden_pm=_per_mille([not one.visible for one in beats]),
        seeks=sum(one.state == "seeking" for one in beats) + sum(moved < 0 for _, moved in steps),
        start_ms=beats[0].position_ms if beats else 0,
        signature=_signature(steps),
    )


def _until(beats: Sequence[Heartbeat], enough_ms: int) -> Sequence[Heartbeat]:
    for number, beat in enumerate(beats):
        if beat.at_ms - beats[0].at_ms >= enough_ms:
            return beats[: number + 1]
    return beats


def _signature(steps: Sequence[tuple[int, int]]) -> int | None:
    uneven = sum(clock % _WHOLE_MS != 0 for clock, _ in steps)
    if len(steps) < _LEAST_STEPS or uneven < _LEAST_UNEVEN:
        return None
    text = ";".join(f"{clock},{moved}" for clock, moved in steps[:_SIGNED])
    # 63 bits, so that it is a positive bigint.
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _per_mille(values: Sequence[bool]) -> int:
    return PER_MILLE * sum(values) // len(values) if values else 0
