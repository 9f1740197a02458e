"""An attacker with everything that is published: which groups of fewer than ten listeners can be found out?

What is published is a set of sums, each known exactly or to within its rounding. A group's listens are found out when every
world that fits the published figures has the same number of them, and that number is not nought. Listens are whole and never
negative, which the attacker knows; the smallest and greatest value that fits is a linear programme.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.optimize import linprog  # type: ignore[import-untyped]

Cell = tuple[str, ...]
_TOLERANCE: Final = 1e-6


@dataclass(frozen=True)
class Known:
    """Of these cells together it is known that they are from `least` to `most`."""

    cells: frozenset[Cell]
    least: int
    most: int


def interval(group: Iterable[Cell], known: Sequence[Known], cells: Sequence[Cell]) -> tuple[float, float]:
    """Return from what to what the sum of a group may be, in all worlds that fit what is known."""
    row = {cell: n for n, cell in enumerate(cells)}

    def sums(of: Iterable[Cell]) -> Any:
        vector = np.zeros(len(cells))
        vector[[row[cell] for cell in of]] = 1
        return vector

    goal = sums(group)
    above, limits = [], []
    for one in known:
        above += [sums(one.cells), -sums(one.cells)]
        limits += [one.most, -one.least]
    ends = []
    if not known:
        return 0.0, float("inf")
    for sign in (1, -1):
        found = linprog(sign * goal, A_ub=np.array(above), b_ub=limits, bounds=(0, None), method="highs")
        assert found.status in {0, 3}, found.message
        ends.append(sign * found.fun if found.status == 0 else float("inf"))
    return ends[0], ends[1]


def found_out(group: Iterable[Cell], known: Sequence[Known], cells: Sequence[Cell]) -> bool:
    """Say whether it is certain how many listens a group has, and that it has any."""
    least, most = interval(group, known, cells)
    return most - least < _TOLERANCE and least > _TOLERANCE
