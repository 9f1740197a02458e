"""How good a listen is, between 0 and 1000, and why it is not better: a card of deductions that anybody can add up.

Quality is not suspicion. A song played on in a hidden tab is a listen, and worth a little less; whether it is artificial is
asked apart. Pools weigh what a listen earns by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

BEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Deduction:
    """So many points off, and the code of why."""

    code: str
    points: int


@dataclass(frozen=True, slots=True)
class Quality:
    """The points that are left, and what was taken off, the most first."""

    points: int
    deductions: tuple[Deduction, ...]


_MUTED: Final = 400
_HIDDEN: Final = 100
_SEEK: Final = 40
_SEEKS: Final = 200
_ODDITY: Final = 100
_ODDITIES: Final = 300
_QUICK: Final = 300
_REPEATED: Final = 200
_MIDDLE: Final = 100
_LEAST_HISTORY: Final = 10
_MIDDLE_MS: Final = 1_000
_PER_MILLE: Final = 1_000


def quality_of(features: Mapping[str, float]) -> Quality:
    """Return a listen's quality from its features.

    A share takes its part of the deduction: half of it muted, half of the points.
    """
    known = features["own.count"] >= _LEAST_HISTORY
    points = {
        "quality.muted": _part(features["muted_pm"], _MUTED),
        "quality.hidden": _part(features["hidden_pm"], _HIDDEN),
        "quality.seeks": min(int(features["seeks"]) * _SEEK, _SEEKS),
        "quality.oddities": min(int(features["oddities"]) * _ODDITY, _ODDITIES),
        # What a listener's past listens covered: those who leave each song as soon as it counts listen to few.
        "quality.coverage": _part(features["own.quick"], _QUICK) if known else 0,
        "quality.repeated": _part(features["own.top_track"] - 200, _REPEATED) if known else 0,
        "quality.middle": _MIDDLE if features["start_ms"] > _MIDDLE_MS else 0,
    }
    deductions = [Deduction(code, lost) for code, lost in points.items() if lost > 0]
    ranked = tuple(sorted(deductions, key=lambda one: -one.points))
    return Quality(max(BEST - sum(one.points for one in ranked), 0), ranked)


def _part(per_mille: float, points: int) -> int:
    return min(max(int(per_mille), 0), _PER_MILLE) * points // _PER_MILLE
