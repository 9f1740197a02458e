"""A song's loudness over time as bars: the same shape that the islands draw when the song changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

BARS: Final = 110
WIDTH: Final = BARS * 9 - 3
HEIGHT: Final = 64
_BAR: Final = 6
_TALLEST: Final = 60
_SHORTEST: Final = 2
_FULL: Final = 255


def bars(peaks: Sequence[int]) -> str:
    """Return peaks of 0 to 255 as `BARS` values of two hexadecimal digits, the loudest of them at full height.

    A bar is the mean of its stretch: of a mastered song the loudest sample of every second is the same, the mean is not.
    No peaks give bars of silence.
    """
    count = len(peaks)
    sums = [sum(stretch) * BARS // max(len(stretch), 1) for stretch in _stretches(peaks, count)]
    loudest = max(sums, default=0) or 1
    return "".join(f"{value * _FULL // loudest:02x}" for value in sums)


def outline(wave: str) -> str:
    """Return the SVG path of the bars that `bars` wrote."""
    parts = []
    for bar in range(len(wave) // 2):
        height = max(_SHORTEST, (int(wave[bar * 2 : bar * 2 + 2], 16) * _TALLEST * 2 + _FULL) // (2 * _FULL))
        parts.append(f"M{bar * 9} {(HEIGHT - height) / 2:g}h{_BAR}v{height}h-{_BAR}z")
    return "".join(parts)


def _stretches(peaks: Sequence[int], count: int) -> list[Sequence[int]]:
    edges = [bar * count // BARS for bar in range(BARS + 1)]
    return [peaks[start : max(start + 1, end)] for start, end in pairwise(edges)]
