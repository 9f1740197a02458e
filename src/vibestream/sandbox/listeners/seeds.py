"""Which seed may be looked at for what, by a rule that nobody chooses: the hash of its number.

Worlds of *training* seeds are learned from and calibrated on, worlds of *validation* seeds choose policies and thresholds, and
worlds of *test* seeds are measured once, by the release that brings the figures. What was looked at before the rule existed,
seeds below a thousand, is burnt: it may be learned from or played with, and nothing is measured on it.
"""

from __future__ import annotations

import enum
import hashlib
from itertools import count, islice
from typing import Final

FIRST: Final = 1_000
"""Seeds from here on are given their use by the rule; those below are burnt."""


class Use(enum.StrEnum):
    """What the world of a seed is for."""

    BURNT = "burnt"
    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


_OF_TEN: Final = {0: Use.TEST, 1: Use.TEST, 2: Use.TEST, 3: Use.VALIDATION, 4: Use.VALIDATION}


def use_of(seed: int) -> Use:
    """Return what the world of a seed is for: of ten seeds, about five train, two validate and three test."""
    if seed < FIRST:
        return Use.BURNT
    digest = hashlib.sha256(f"vibestream listeners {seed}".encode()).digest()
    return _OF_TEN.get(int.from_bytes(digest[:8]) % 10, Use.TRAINING)


def seeds_for(use: Use, number: int, *, after: int = 0) -> tuple[int, ...]:
    """Return so many seeds of a use, the lowest first, passing over the first `after`."""
    return tuple(islice((seed for seed in count(FIRST) if use_of(seed) is use), after, after + number))


LEARNED: Final = seeds_for(Use.TRAINING, 5)
"""Of the worlds that the committed model has learned from."""
CALIBRATED: Final = seeds_for(Use.TRAINING, 2, after=len(LEARNED))
"""Of the worlds that its calibration was fitted on."""
VALIDATED: Final = seeds_for(Use.VALIDATION, 4)
"""Of the worlds by which thresholds and policies are chosen."""
MEASURED: Final = seeds_for(Use.TEST, 6)
"""Of the worlds that the figures of this release were measured on, once."""
