"""Bars drawn by the server: a picture that needs no script, and the same figures as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 360
HEIGHT: Final = 132
_FOOT: Final = 20
_GAP: Final = 0.22
"""Of a bar's room that is left free."""
_LETTER: Final = 3.4
"""What half a tick's words take for each letter: they are not cut off at the picture's edge."""
_LEAST: Final = 1.5
"""What is not nothing is seen."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One value: what it is of, in full and in short (empty: nothing stands below it), how much, and how that is written."""

    label: str
    tick: str
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure's place in the picture."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    tick: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """A chart: its name on the page, its title, what it says in a sentence, the table's heads, and its figures."""

    name: str
    title: str
    says: str
    heads: tuple[str, str]
    rows: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    width: int = WIDTH
    height: int = HEIGHT
    floor: int = HEIGHT - _FOOT

    @property
    def is_empty(self) -> bool:
        """Whether no figure has any value."""
        return not any(one.height for one in self.bars)


def bar_chart(*, name: str, title: str, says: str, heads: tuple[str, str], figures: Sequence[Figure]) -> BarChart:
    """Return figures as bars from zero, the greatest as high as the picture."""
    most = max((one.value for one in figures), default=0) or 1
    room = WIDTH / max(len(figures), 1)
    floor = HEIGHT - _FOOT
    bars = []
    for place, one in enumerate(figures):
        height = max(one.value / most * (floor - 4), _LEAST) if one.value > 0 else 0.0
        bars.append(
            Bar(
                x=round((place + _GAP / 2) * room, 2),
                y=round(floor - height, 2),
                width=round(room * (1 - _GAP), 2),
                height=round(height, 2),
                middle=_middle((place + 0.5) * room, one.tick),
                tick=one.tick,
            )
        )
    rows = tuple((one.label, one.text) for one in figures)
    return BarChart(name=name, title=title, says=says, heads=heads, rows=rows, bars=tuple(bars))


def shares(values: Sequence[int]) -> list[int]:
    """Return each value as parts of a hundred of the greatest, for a bar beside it."""
    most = max(values, default=0) or 1
    return [max(round(100 * one / most), 1) if one > 0 else 0 for one in values]


def _middle(wanted: float, tick: str) -> float:
    edge = _LETTER * len(tick)
    return round(min(max(wanted, edge), WIDTH - edge), 2)
