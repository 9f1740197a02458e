"""How far a share that was counted may be from the one that is meant."""

from __future__ import annotations

import math
from typing import Final

_Z: Final = 1.959964
"""The normal distribution's 97.5th percentile."""


def wilson(found: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of so many found of so many, between 0 and 1; all of it when nothing was counted.

    It takes each as independent of the others. Accounts of one farm, office or circle are not, so the true interval is wider
    than this one; how a share differs between worlds is reported beside it.

    Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    if not of:
        return 0.0, 1.0
    share, square = found / of, _Z**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of**2))
    return (0.0 if found == 0 else max(middle - half, 0.0)), (1.0 if found == of else min(middle + half, 1.0))
