"""Charts as SVG in the page: drawn on the server, readable without scripts, each beside its table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 440
HEIGHT: Final = 260
_LEFT: Final = 52
_RIGHT: Final = 12
_TOP: Final = 12
_BOTTOM: Final = 36
_LEAST: Final = 1e-4
"""What a logarithmic axis begins with."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Line:
    """What is drawn, and how its axes run."""

    points: Points
    logarithmic_x: bool = False
    logarithmic_y: bool = False
    marks: bool = False
    """A mark at each point: there are few enough to be told apart."""
    diagonal: bool = False
    """A thin line where x is y."""
    level: float | None = None
    """A dashed line at this height: what the other way costs."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A number on an axis and where it stands."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as the template draws it, in pixels of its own box."""

    title: str
    says: str
    across: str
    up: str
    path: str
    marks: tuple[tuple[float, float], ...]
    diagonal: str
    level_y: float | None
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = HEIGHT - _BOTTOM


def draw(
    *,
    title: str,
    says: str,
    across: str,
    up: str,
    line: Line,
    top: float | None,
    rows: Sequence[tuple[str, ...]],
    third: str = "",
) -> Chart:
    """Return a chart.

    Args:
        title: what it shows.
        says: the same in a sentence, with the figure that matters.
        across: what the axis from left to right is of; it runs to 1.
        up: what the other is of.
        line: what is drawn.
        top: where the upright axis ends; None: at the highest point.
        rows: the table beside it.
        third: the head of the table's third column, if it has one.
    """
    low_x, low_y = (_LEAST if line.logarithmic_x else 0.0), (_LEAST if line.logarithmic_y else 0.0)
    highest = max((y for _, y in line.points), default=0.0)
    high_y = top if top is not None else max(highest, line.level or 0.0) * 1.05 or 1.0

    def x_of(value: float) -> float:
        return round(_LEFT + _along(value, low_x, 1.0, log=line.logarithmic_x) * (WIDTH - _RIGHT - _LEFT), 1)

    def y_of(value: float) -> float:
        tall = HEIGHT - _BOTTOM - _TOP
        return round(HEIGHT - _BOTTOM - _along(value, low_y, high_y, log=line.logarithmic_y) * tall, 1)

    places = [(x_of(x), y_of(y)) for x, y in line.points]
    return Chart(
        title=title,
        says=says,
        across=across,
        up=up,
        path=" ".join(f"{x},{y}" for x, y in places),
        marks=tuple(places) if line.marks else (),
        diagonal=f"{x_of(low_x)},{y_of(low_y)} {x_of(1.0)},{y_of(high_y)}" if line.diagonal else "",
        level_y=None if line.level is None else y_of(line.level),
        x_ticks=tuple(Tick(text, x_of(at), HEIGHT - _BOTTOM + 16) for text, at in _ticks(1.0, log=line.logarithmic_x)),
        y_ticks=tuple(Tick(text, _LEFT - 6, y_of(at) + 4) for text, at in _ticks(high_y, log=line.logarithmic_y)),
        heads=tuple(filter(None, (across, up, third))),
        rows=tuple(rows),
    )


def _ticks(high: float, *, log: bool) -> list[tuple[str, float]]:
    if log:
        return [(f"{10.0**power:g}", 10.0**power) for power in (-4, -3, -2, -1, 0)]
    if high == 1.0:
        return [(f"{step * 0.25:g}", step * 0.25) for step in range(5)]
    step = _round_step(high / 4)
    return [(f"{step * number:,.0f}", step * number) for number in range(int(high / step) + 1)]


def _round_step(about: float) -> float:
    """Return a step of 1, 2 or 5 times a power of ten near a wish."""
    power = 10.0 ** math.floor(math.log10(about)) if about > 0 else 1.0
    return next((power * part for part in (1, 2, 5) if power * part >= about), power * 10)


def _along(value: float, low: float, high: float, *, log: bool) -> float:
    """Return how far a value lies along an axis, 0 to 1."""
    if log:
        value, low, high = (math.log10(max(one, _LEAST)) for one in (value, low, high))
    return min(max((value - low) / (high - low), 0.0), 1.0) if high != low else 0.0
