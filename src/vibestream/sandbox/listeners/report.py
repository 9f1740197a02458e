"""The adversary report: what was measured, as JSON and as a page of Markdown, with what it does not say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from vibestream.contexts.listen_reward.scoring.domain.policy import Policy
from vibestream.contexts.listen_reward.scoring.domain.statistics.model import Model
from vibestream.sandbox.listeners.adversaries import STRATEGIES
from vibestream.sandbox.listeners.costs import MICRO, Costs
from vibestream.sandbox.listeners.evaluation import Evaluation, Group
from vibestream.sandbox.listeners.people import POPULATIONS

MOST_HONEST_HELD: Final = 0.005
"""Of honest listeners, this share may be held wrongly."""
FARM: Final = "farm_1000"


def document(
    found: Evaluation, *, policy: Policy, model: Model | None, costs: Costs, seeds: Sequence[int], now: datetime
) -> dict[str, Any]:
    """Return the report as JSON-able values."""
    held, of = found.honest
    return {
        "made_at": now.isoformat(),
        "seeds": list(seeds),
        "policy": policy.version,
        "hold_from_ppm": policy.hold_from_ppm,
        "model": None if model is None else model.sha256,
        "model_about": None if model is None else dict(model.about),
        "honest": {"listeners": of, "held_wrongly": held, "share": found.honest_share},
        "groups": [_group(found, one) for one in found.groups],
        "money_in_millionths_of_a_dollar": {
            name: {"scored": _money(scored), "unscored": _money(unscored)}
            for name, (scored, unscored) in found.reckonings.items()
        },
        "costs": asdict(costs),
        "reached": reached(found),
    }


def reached(found: Evaluation) -> dict[str, bool]:
    """Return which of what was set out for is reached."""
    out = {"honest_held_below_half_a_percent": found.honest_share < MOST_HONEST_HELD}
    if FARM in found.reckonings:
        out["farm_of_1000_loses_money"] = found.reckonings[FARM][0].gain < 0
    return out


def page(report: Mapping[str, Any]) -> str:
    """Return the report as Markdown."""
    honest = report["honest"]
    lines = [
        "# What the scoring of listens catches, and whom it holds wrongly",
        "",
        f"Made {report['made_at']} on simulated worlds of seeds {', '.join(map(str, report['seeds']))}, from which nothing was",
        f"learned and by which nothing was chosen. Policy {report['policy']}, model {str(report['model'])[:12]}, held from a",
        f"probability of {report['hold_from_ppm'] / 10_000:.0f} % on.",
        "",
        "The worlds, their people and their adversaries are assumptions. The figures say that every part works and what it is",
        "worth *there*; they say nothing of how much will be caught elsewhere, or of strategies that are not in the list.",
        "",
        f"**Honest listeners wrongly held: {honest['held_wrongly']} of {honest['listeners']}, or {honest['share']:.2%}.** The",
        "aim is below 0.5 %.",
        "",
        "## People",
        "",
        "| population | accounts | held wrongly | listens | held |",
        "|---|---|---|---|---|",
        *(_honest_row(one) for one in report["groups"] if not one["artificial"]),
        "",
        "## Adversaries",
        "",
        "Recall is the share of listens that were held or rejected, those included that wait because the account's case is open.",
        "Precision is of all that would be held, were this strategy there alone among all those people.",
        "",
        "| strategy | accounts | accounts held | listens opened | not even proven | scored | recall | precision | counted before the hold (median) |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_strategy_row(one) for one in report["groups"] if one["artificial"]),
        *_money_lines(report),
        "",
        "## The groups",
        "",
        *(f"- `{name}`: {make.__doc__}" for name, make in {**POPULATIONS, **STRATEGIES}.items()),
        "",
    ]
    return "\n".join(lines)


def text_of(report: Mapping[str, Any]) -> str:
    """Return the report's JSON."""
    return json.dumps(report, indent=1, allow_nan=False) + "\n"


def _money_lines(report: Mapping[str, Any]) -> list[str]:
    costs = report["costs"]
    return [
        "",
        "## What it is worth",
        "",
        f"In US dollars over {costs['horizon_days']} days: whoever was not held goes on as on their last day, whoever was stops",
        f"paying. Assumed: an account {_dollars(costs['account'])}, a proxy's address for a day {_dollars(costs['address_day'])} for",
        f"each 25 accounts, a gigabyte {_dollars(costs['gigabyte'])}, a player for a day {_dollars(costs['device_day'])}; a rewarded",
        f"listen {_dollars(costs['reward'])}, its royalty {_dollars(costs['royalty'])}. Of two worlds, the one in which it did better.",
        "",
        "| strategy | earned | cost | gain | gain if nothing were scored |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {_dollars(one['scored']['earned'])} | {_dollars(one['scored']['cost'])}"
            f" | {_dollars(one['scored']['gain'])} | {_dollars(one['unscored']['gain'])} |"
            for name, one in report["money_in_millionths_of_a_dollar"].items()
        ),
    ]


def _group(found: Evaluation, one: Group) -> dict[str, Any]:
    return {**asdict(one), "recall": one.recall, "precision": found.precision(one) if one.artificial else None}


def _money(one: Any) -> dict[str, int]:
    return {"earned": one.earned, "cost": one.cost, "gain": one.gain}


def _honest_row(one: Mapping[str, Any]) -> str:
    share = one["accounts_held"] / max(one["accounts"], 1)
    return f"| {one['name']} | {one['accounts']} | {one['accounts_held']} ({share:.2%}) | {one['scored']} | {one['held']} |"


def _strategy_row(one: Mapping[str, Any]) -> str:
    before = "none held" if one["median_before"] < 0 else one["median_before"]
    return (
        f"| {one['name']} | {one['accounts']} | {one['accounts_held']} | {one['opened']} | {one['not_proven']} | {one['scored']}"
        f" | {one['recall']:.3f} | {one['precision']:.3f} | {before} |"
    )


def _dollars(micro: int) -> str:
    return f"{'-' if micro < 0 else ''}{abs(micro) / MICRO:,.2f}" if abs(micro) >= 10_000 else f"{micro / MICRO:.4f}"  # noqa: PLR2004
