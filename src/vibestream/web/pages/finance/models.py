"""The fraud models: which serve, what was measured of them, and the latest report's curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import registry, reports
from vibestream.contexts.payment.fraud.service.registry import Drift, ModelRole, RegisteredModel, SideBySide
from vibestream.platform.http.dependencies import NowDep, RuntimeDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance.charts import Chart, Line, draw
from vibestream.web.pages.finance.shown import FINANCE
from vibestream.web.pages.finance.words import GOOD, PLAIN, WARM, Chip
from vibestream.web.rendering import render, shell_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

_DRIFTS: Final = 20
_SIDE_BY_SIDE: Final = timedelta(days=30)
_TENTHS: Final = 10
_DRIFTED: Final = 250_000
"""Millionths: from here on a feature has drifted. Source: the usual rule for the population stability index, 0.25."""
_WATCHED: Final = 100_000
_KNOWN: Final = frozenset({"model", "role", "trained on", "trained at"})
"""What a report says of its model that the table of models says already."""
_FEWEST: Final = 20
"""A point of fewer decisions says nothing; it is in the table, and left out of the picture."""
_LEAST: Final = 1e-4
_TABLED: Final = 24
_ROLES: Final[Mapping[ModelRole, tuple[str, str]]] = {
    ModelRole.CHAMPION: (N_("decides"), GOOD),
    ModelRole.CHALLENGER: (N_("scores beside it"), WARM),
    ModelRole.CANDIDATE: (N_("candidate"), PLAIN),
    ModelRole.RETIRED: (N_("retired"), PLAIN),
}
_WAYS: Final = {
    "allow everything": N_("allow everything"),
    "rules alone": N_("rules alone"),
    "model and rules": N_("model and rules"),
}


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model and what is known of it."""

    model: str
    role: Chip
    trained_at: datetime
    trained_on: str
    measured_on: str
    precision: str
    calibration: str
    saved_cents: int | None
    """Reference cents that it saves against rules alone on what it was measured on."""


@dataclass(frozen=True, slots=True)
class WayRow:
    """What a way to decide did."""

    name: str
    cost_cents: int
    verdicts: tuple[int, ...]
    caught: int
    bothered: int
    best: bool


@dataclass(frozen=True, slots=True)
class ReportView:
    """The latest report on a model, drawn."""

    about: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str], ...]
    ways: tuple[WayRow, ...]
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class DriftRow:
    """How far a feature lies from what the model learned."""

    feature: str
    psi: str
    decisions: int
    state: Chip


@dataclass(frozen=True, slots=True)
class BandRow:
    """How many of the same decisions each model puts into a tenth of certainty, and how many of those were fraud."""

    score: str
    champion: int
    champion_frauds: int
    challenger: int
    challenger_frauds: int


@dataclass(frozen=True, slots=True)
class RivalsView:
    """Champion and challenger side by side."""

    champion: str
    challenger: str
    decisions: int
    apart: str
    far: int
    bands: tuple[BandRow, ...]


@dataclass(frozen=True, slots=True)
class ModelsView:
    """The models page."""

    models: tuple[ModelRow, ...]
    rules_only: bool
    trouble: str
    report: ReportView | None
    rivals: RivalsView | None
    drift: tuple[DriftRow, ...]
    drift_on: str


@router.get("/finance/models", policy=FINANCE)
async def show_models(request: Request, runtime: RuntimeDep, now: NowDep) -> Response:
    """Show the models, the deciding one's report and its drift. The object store is read outside the transaction."""
    spoken = shell_of(request).language
    async with runtime.database.begin(read_only=True) as tx:
        known = await registry.registered(tx)
        drift = await registry.drift(tx, limit=_DRIFTS)
        rivals = await registry.side_by_side(tx, since=now - _SIDE_BY_SIDE)
    chosen = next((one for one in known if one.role is ModelRole.CHAMPION), known[0] if known else None)
    report = await reports.latest_report(runtime.objects, model=chosen.model) if chosen else None
    champions = {one.model for one in known if one.role is ModelRole.CHAMPION}
    view = ModelsView(
        models=tuple(_model(one, spoken) for one in known),
        rules_only=not any(fraud.SHELF.get(model) for model in champions),
        trouble=fraud.SHELF.trouble or "",
        report=_report(report, spoken) if report else None,
        rivals=_rivals(rivals, spoken) if rivals else None,
        drift=tuple(_drift(one, spoken) for one in drift),
        drift_on=spoken.date(drift[0].measured_on) if drift else "",
    )
    return render(request, "finance/models.html", view)


def _model(one: RegisteredModel, spoken: Language) -> ModelRow:
    metrics = one.metrics
    word, tone = _ROLES[one.role]
    known = {"cost_cents", "cost_cents_rules_alone"} <= metrics.keys()
    return ModelRow(
        model=one.model[:12],
        role=Chip(spoken.gettext(word), tone),
        trained_at=one.trained_at,
        trained_on=one.trained_on,
        measured_on=str(metrics.get("measured_on", "")),
        precision=_figure(metrics.get("average_precision"), spoken),
        calibration=_figure(metrics.get("calibration_error"), spoken),
        saved_cents=metrics["cost_cents_rules_alone"] - metrics["cost_cents"] if known else None,
    )


def _figure(value: Any, spoken: Language) -> str:
    """Return a measure as the reader's language writes numbers; nothing for one that was not taken."""
    if value is None:
        return ""
    return spoken.number(value) if isinstance(value, int) else spoken.decimal(Decimal(f"{value:.4f}"))


def _rivals(found: SideBySide, spoken: Language) -> RivalsView:
    held = {(one.role, one.tenth): (one.decisions, one.frauds) for one in found.bands}
    tenths = [one for one in range(_TENTHS) if any((role, one) in held for role in ("champion", "challenger"))]
    share = (Decimal(found.apart_ppm) / 1_000_000).quantize(Decimal("0.0001"))
    return RivalsView(
        champion=found.champion[:12],
        challenger=found.challenger[:12],
        decisions=found.decisions,
        apart=spoken.percent(share, exact=True),
        far=found.far,
        bands=tuple(
            BandRow(
                f"{spoken.decimal(Decimal(one).scaleb(-1))}\N{EN DASH}{spoken.decimal(Decimal(one + 1).scaleb(-1))}",
                *held.get(("champion", one), (0, 0)),
                *held.get(("challenger", one), (0, 0)),
            )
            for one in tenths
        ),
    )


def _drift(one: Drift, spoken: Language) -> DriftRow:
    if one.psi_ppm >= _DRIFTED:
        state = Chip(spoken.gettext("drifted"), WARM)
    elif one.psi_ppm >= _WATCHED:
        state = Chip(spoken.gettext("moves"), PLAIN)
    else:
        state = Chip(spoken.gettext("steady"), GOOD)
    psi = Decimal(one.psi_ppm).scaleb(-6).quantize(Decimal("0.001"))
    return DriftRow(one.feature, str(psi), one.decisions, state)


def _report(report: Mapping[str, Any], spoken: Language) -> ReportView:
    names = {
        "decisions": spoken.gettext("Decisions"),
        "frauds": spoken.gettext("Frauds among them"),
        "average_precision": spoken.gettext("Average precision"),
        "calibration_error": spoken.gettext("Calibration error"),
        "brier": spoken.gettext("Brier score"),
        "precision_at_capacity": spoken.gettext("Precision at review capacity"),
    }
    best = min((way["cost_cents"] for way in report["ways"].values()), default=0)
    return ReportView(
        about=tuple((str(key), str(value)) for key, value in report["about"].items() if key not in _KNOWN),
        figures=tuple((title, _figure(report[name], spoken)) for name, title in names.items()),
        ways=tuple(
            WayRow(
                name=spoken.gettext(_WAYS.get(name, name)),
                cost_cents=way["cost_cents"],
                verdicts=tuple(way["verdicts"].get(verdict.value, 0) for verdict in fraud.Verdict),
                caught=way["caught"],
                bothered=way["bothered"],
                best=way["cost_cents"] == best,
            )
            for name, way in report["ways"].items()
        ),
        charts=_charts(report, spoken),
    )


def _charts(report: Mapping[str, Any], spoken: Language) -> tuple[Chart, ...]:
    curve = list(zip(report["recall"], report["precision"], strict=True))
    bins = report["reliability"]
    certain = [
        (max(one["stated"], _LEAST), max(one["observed"], _LEAST)) for one in bins if one["decisions"] >= _FEWEST
    ]
    costs = [
        (max(threshold, _LEAST), cost / 100)
        for threshold, cost in zip(report["thresholds"], report["threshold_costs"], strict=True)
    ]
    cheapest = min(costs, key=lambda one: one[1], default=(0.0, 0.0))
    ways = report["ways"]
    rules = ways["rules alone"]["cost_cents"] / 100 if "rules alone" in ways else None
    return (
        draw(
            title=spoken.gettext("Precision by recall"),
            says=spoken.gettext("Average precision {figure}: 1 is a model that never errs.").format(
                figure=_figure(report["average_precision"], spoken)
            ),
            across=spoken.gettext("recall"),
            up=spoken.gettext("precision"),
            line=Line(curve),
            top=1.0,
            rows=[(f"{x:.3f}", f"{y:.3f}") for x, y in _thinned(curve)],
        ),
        draw(
            title=spoken.gettext("Observed by stated probability"),
            says=spoken.gettext("Calibration error {figure}: on the thin line, what is stated is what happens.").format(
                figure=_figure(report["calibration_error"], spoken)
            ),
            across=spoken.gettext("stated"),
            up=spoken.gettext("observed"),
            line=Line(certain, logarithmic_x=True, logarithmic_y=True, marks=True, diagonal=True),
            top=1.0,
            rows=[(f"{one['stated']:.4f}", f"{one['observed']:.4f}", f"{one['decisions']:,}") for one in bins],
            third=spoken.gettext("decisions"),
        ),
        draw(
            title=spoken.gettext("Cost of one threshold alone"),
            says=spoken.gettext("Cheapest at {threshold}: {cost} USD.").format(
                threshold=spoken.decimal(Decimal(f"{cheapest[0]:.3f}")), cost=spoken.number(round(cheapest[1]))
            ),
            across=spoken.gettext("block from this score"),
            up="USD",
            line=Line(costs, logarithmic_x=True, level=rules),
            top=None,
            rows=[(f"{x:.4f}", f"{y:,.0f}") for x, y in _thinned(costs)],
        ),
    )


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points enough for a table, the first and the last among them."""
    step = max(math.ceil(len(points) / _TABLED), 1)
    return [*points[:-1:step], *points[-1:]]
