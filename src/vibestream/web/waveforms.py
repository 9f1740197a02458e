"""A song's loudness over time as bars: the same shape that the islands draw when the song changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

BARS: Final = 110
WIDTH: Final = BARS * 9 - 3
HEIGHT: Final = 64
_BAR: Final = 6
_TALLEST: Final = 60
_SHORTEST: Final = 2
_FULL: Final = 255


def bars(peaks: Sequence[int], *, full: int) -> str:
    """Return peaks as `BARS` loudness values of two hexadecimal digits: the loudest of each stretch, of `full`.

    An empty sequence gives bars of silence.
    """
    count = len(peaks)
    found = []
    for bar in range(BARS):
        stretch = peaks[bar * count // BARS : max(bar * count // BARS + 1, (bar + 1) * count // BARS)]
        found.append(min(_FULL, max(stretch, default=0) * _FULL // full))
    return "".join(f"{value:02x}" for value in found)


def outline(wave: str) -> str:
    """Return the SVG path of the bars that `bars` wrote."""
    parts = []
    for bar in range(len(wave) // 2):
        height = max(_SHORTEST, (int(wave[bar * 2 : bar * 2 + 2], 16) * _TALLEST * 2 + _FULL) // (2 * _FULL))
        parts.append(f"M{bar * 9} {(HEIGHT - height) / 2:g}h{_BAR}v{height}h-{_BAR}z")
    return "".join(parts)
