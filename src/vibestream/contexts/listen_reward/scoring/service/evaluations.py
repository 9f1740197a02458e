"""The evaluation that this release brings: what its model and policy did to simulated adversaries and people, measured once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

from vibestream.kernel.money import USD, Money


@dataclass(frozen=True, slots=True)
class Strategy:
    """How one strategy of adversaries came out, by the best of its means, over thirty days."""

    name: str
    means: str
    held_percent: int
    """Of its listens, rounded down."""
    earned: Money
    cost: Money
    gain: Money
    warmed: Money
    """The gain where new accounts are paid three days later."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation, as far as operators are shown it."""

    made_on: date
    model: str
    policy: int
    honest_held: int
    honest: int
    honest_below: float
    """The upper end of the 95 % interval of the share of honest listeners who are wrongly held."""
    strategies: tuple[Strategy, ...]


@cache
def last_report() -> Mapping[str, Any]:
    """Return the whole report, as `vibestream listens evaluate --json` wrote it."""
    text = resources.files("vibestream.contexts.listen_reward.scoring").joinpath("evaluation.json").read_text()
    report: Mapping[str, Any] = json.loads(text)
    return report


@cache
def last_evaluation() -> Evaluated:
    """Return the evaluation in short, the strategies that gain most first."""
    report = last_report()
    money = report["money_in_millionths_of_a_dollar"]
    found = [_strategy(one, money[one["name"]]) for one in report["groups"] if one["artificial"]]
    return Evaluated(
        made_on=datetime.fromisoformat(report["made_at"]).date(),
        model=report["model"],
        policy=report["policy"],
        honest_held=report["honest"]["held_wrongly"],
        honest=report["honest"]["listeners"],
        honest_below=report["honest"]["interval"][1],
        strategies=tuple(sorted(found, key=lambda one: -one.gain.minor)),
    )


def _strategy(group: Mapping[str, Any], money: Mapping[str, Any]) -> Strategy:
    scored = money["scored"]
    return Strategy(
        name=group["name"],
        means=money["means"],
        held_percent=100 * group["held"] // max(group["scored"], 1),
        earned=_dollars(scored["earned"]),
        cost=_dollars(scored["cost"]),
        gain=_dollars(scored["gain"]),
        warmed=_dollars(money["gain_by_what_is_adopted"]),
    )


def _dollars(millionths: int) -> Money:
    return Money(millionths // 10_000, USD)
