"""The model's report: one HTML page that needs nothing else, with charts drawn as SVG, and the numbers as JSON and CSV."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vibestream.contexts.payment.fraud.domain.statistics.evaluation import Evaluation

_WIDTH: Final = 460
_HEIGHT: Final = 300
_LEFT: Final = 64
_BOTTOM: Final = 44
_EDGE: Final = 12
_FEWEST: Final = 20
"""A point of fewer decisions says nothing; it is in the numbers, and left out of the picture."""
_LEAST: Final = 1e-4
"""What a logarithmic axis begins with."""

Points = Sequence[tuple[float, float]]


def files(evaluation: Evaluation, *, title: str, about: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the report's files by name: report.html, report.json, curves.csv."""
    document = {"about": dict(about), **dataclasses.asdict(evaluation)}
    return {
        "report.html": _page(evaluation, title=title, about=about).encode(),
        "report.json": json.dumps(document, indent=2, allow_nan=False, default=str).encode(),
        "curves.csv": _curves(evaluation).encode(),
    }


def _curves(evaluation: Evaluation) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["curve", "x", "y"])
    for recall, precision in zip(evaluation.recall, evaluation.precision, strict=True):
        writer.writerow(["precision_by_recall", recall, precision])
    for one in evaluation.reliability:
        writer.writerow(["observed_by_stated", one.stated, one.observed])
    for threshold, cost in zip(evaluation.thresholds, evaluation.threshold_costs, strict=True):
        writer.writerow(["cost_cents_by_threshold", threshold, cost])
    return out.getvalue()


def _page(evaluation: Evaluation, *, title: str, about: Mapping[str, Any]) -> str:
    facts = "".join(
        f"<dt>{html.escape(str(key))}</dt><dd>{html.escape(str(value))}</dd>" for key, value in about.items()
    )
    figures = _table(["figure", "value"], [[key, f"{value:,}"] for key, value in evaluation.figures().items()])
    ways = _table(
        ["way to decide", "cost ($)", "allow", "step-up", "review", "block", "frauds stopped", "honest bothered"],
        [
            [name, f"{way.cost_cents / 100:,.0f}", *(f"{count:,}" for count in way.verdicts.values()), f"{way.caught:,}", f"{way.bothered:,}"]
            for name, way in evaluation.ways.items()
        ],
    )  # fmt: skip
    curve = list(zip(evaluation.recall, evaluation.precision, strict=True))
    honest = [
        (max(one.stated, _LEAST), max(one.observed, _LEAST))
        for one in evaluation.reliability
        if one.decisions >= _FEWEST
    ]
    costs = [(x, y / 100) for x, y in zip(evaluation.thresholds, evaluation.threshold_costs, strict=True)]
    charts = (
        _chart("Precision by recall", "recall", "precision", curve, top=1.0),
        _chart("Observed by stated probability", "stated", "observed", honest, top=1.0, log=True, diagonal=True),
        _chart("Cost of one threshold alone", "block from this score", "cost ($)", costs, log_x=True),
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #17202a }}
table {{ border-collapse: collapse; margin: 1rem 0 }} td, th {{ border-bottom: 1px solid #ccd; padding: .3rem .8rem; text-align: right }}
td:first-child, th:first-child {{ text-align: left }} figure {{ display: inline-block; margin: 1rem }} dt {{ font-weight: 600 }}
figcaption {{ font-weight: 600 }} svg text {{ font: 12px system-ui, sans-serif; fill: #17202a }}
</style></head><body><h1>{html.escape(title)}</h1><dl>{facts}</dl>{figures}{ways}{"".join(charts)}</body></html>
"""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _chart(
    title: str,
    x_name: str,
    y_name: str,
    points: Points,
    *,
    top: float | None = None,
    log: bool = False,
    log_x: bool = False,
    diagonal: bool = False,
) -> str:
    """Draw points as a line in a frame with its ends labelled; described in words for those who do not see it."""
    low = _LEAST if log or log_x else 0.0
    high = top or max((y for _, y in points), default=1.0) or 1.0
    floor = low if log else 0.0

    def place(x: float, y: float) -> str:
        across = _along(x, low, 1.0, log=log or log_x) * (_WIDTH - _LEFT - _EDGE) + _LEFT
        up = _HEIGHT - _BOTTOM - _along(y, floor, high, log=log) * (_HEIGHT - _BOTTOM - _EDGE)
        return f"{across:.1f},{up:.1f}"

    line = " ".join(place(x, y) for x, y in points)
    marks = "".join(
        f'<circle cx="{at.split(",")[0]}" cy="{at.split(",")[1]}" r="3" fill="#1f6feb"/>'
        for at in (line.split() if len(points) < 30 else [])  # noqa: PLR2004 - few enough to be told apart
    )
    guide = f'<polyline points="{place(low, floor)} {place(1.0, high)}" fill="none" stroke="#99a"/>' if diagonal else ""
    frame = f'<rect x="{_LEFT}" y="{_EDGE}" width="{_WIDTH - _LEFT - _EDGE}" height="{_HEIGHT - _BOTTOM - _EDGE}" fill="none" stroke="#ccd"/>'
    labels = "".join(
        f'<text x="{x}" y="{y}" text-anchor="{anchor}">{html.escape(text)}</text>'
        for x, y, anchor, text in (
            (_LEFT, _HEIGHT - _BOTTOM + 16, "middle", f"{low:g}"),
            (_WIDTH - _EDGE, _HEIGHT - _BOTTOM + 16, "end", "1"),
            (_LEFT - 6, _HEIGHT - _BOTTOM, "end", f"{floor:g}"),
            (_LEFT - 6, _EDGE + 10, "end", f"{high:,.0f}" if high > 1 else f"{high:g}"),
            ((_WIDTH + _LEFT) / 2, _HEIGHT - 8, "middle", x_name),
        )
    )
    described = html.escape(f"{title}: {y_name} by {x_name}, {len(points)} points")
    return (
        f'<figure><figcaption>{html.escape(title)} ({html.escape(y_name)})</figcaption><svg role="img" aria-label="{described}" '
        f'width="{_WIDTH}" height="{_HEIGHT}">{frame}{guide}<polyline points="{line}" fill="none" stroke="#1f6feb" '
        f'stroke-width="2"/>{marks}{labels}</svg></figure>'
    )


def _along(value: float, low: float, high: float, *, log: bool) -> float:
    """Return how far a value lies along an axis, 0 to 1."""
    if log:
        value, low, high = (math.log10(max(one, _LEAST)) for one in (value, low, high))
    return min(max((value - low) / (high - low), 0.0), 1.0)
