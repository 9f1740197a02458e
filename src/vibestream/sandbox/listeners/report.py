"""The adversary report as JSON: what was measured, how far it may be off, and what it was reckoned with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from vibestream.contexts.listen_reward.scoring.domain.policy import Policy
from vibestream.contexts.listen_reward.scoring.domain.statistics.model import Model
from vibestream.sandbox.listeners.costs import PRICES, Level, Reckoning, Worth
from vibestream.sandbox.listeners.defences import ADOPTED
from vibestream.sandbox.listeners.earnings import Earned, Tried, best_of
from vibestream.sandbox.listeners.evaluation import Evaluation, Group
from vibestream.sandbox.listeners.intervals import wilson

MOST_HONEST_HELD: Final = 0.005
"""Of honest listeners, this share may be held wrongly."""
FARM: Final = "farm_1000"


def document(
    found: Evaluation,
    *,
    sizes: Mapping[int, Evaluation],
    policy: Policy,
    model: Model | None,
    worth: Worth,
    seeds: Sequence[int],
    now: datetime,
) -> dict[str, Any]:
    """Return the report as JSON-able values.

    `sizes` holds the farm at other sizes, each among the same people. Shares that were counted come with the 95 % interval
    as `[low, high]`, and with the least and the most of any one world.
    """
    return {
        "made_at": now.isoformat(),
        "seeds": list(seeds),
        "policy": policy.version,
        "hold_from_ppm": policy.hold_from_ppm,
        "model": None if model is None else model.sha256,
        "model_about": None if model is None else dict(model.about),
        "honest": _honest(found),
        "groups": [_group(found, one) for one in found.groups],
        "money_in_millionths_of_a_dollar": {
            name: {**_best(ways), "gain_by_what_is_adopted": _adopted(found)[name]}
            for name, ways in found.earned.items()
        },
        "ways": [_way(name, one) for name, ways in found.earned.items() for one in ways],
        "farm_by_size": [_sized(size, one) for size, one in sorted({**sizes, _size(found): found}.items()) if size],
        "defences": [_defence(one, found.tried[0]) for one in found.tried],
        "prices": {name: asdict(one) for name, one in PRICES.items()},
        "worth": asdict(worth),
        "reached": reached(found, sizes),
    }


def reached(found: Evaluation, sizes: Mapping[int, Evaluation]) -> dict[str, bool]:
    """Return which of what was set out for is reached.

    A farm is to lose money at usual prices by the scoring alone, and at those that favour it with the defence that is adopted.
    """
    out = {"honest_held_below_half_a_percent": found.honest_share < MOST_HONEST_HELD}
    for size, one in sorted({**sizes, _size(found): found}.items()):
        if size:
            out[f"farm_of_{size}_loses_money_at_usual_prices"] = one.gain(FARM, Level.USUAL) < 0
            out[f"farm_of_{size}_loses_money_at_low_prices_by_what_is_adopted"] = _adopted(one)[FARM] < 0
    return out


def text_of(report: Mapping[str, Any]) -> str:
    """Return the report's JSON."""
    return json.dumps(report, indent=1, allow_nan=False) + "\n"


def _size(found: Evaluation) -> int:
    """Return how many accounts the farm had in each world; 0: there was none."""
    return next((one.accounts for one in found.by_world[0] if one.name == FARM), 0)


def _honest(found: Evaluation) -> dict[str, Any]:
    held, of = found.honest
    shares = []
    for groups in found.by_world:
        own = [one for one in groups if not one.artificial]
        shares.append(sum(one.accounts_held for one in own) / max(sum(one.accounts for one in own), 1))
    return {
        "listeners": of,
        "held_wrongly": held,
        "share": found.honest_share,
        "interval": list(wilson(held, of)),
        "worlds": [min(shares), max(shares)],
    }


def _group(found: Evaluation, one: Group) -> dict[str, Any]:
    same = [own for groups in found.by_world for own in groups if own.name == one.name]
    held = found.held_of_people
    return {
        **asdict(one),
        "recall": one.recall,
        "recall_interval": list(wilson(one.held, one.scored)),
        "recall_worlds": [min(own.recall for own in same), max(own.recall for own in same)],
        "accounts_share": one.accounts_share,
        "accounts_interval": list(wilson(one.accounts_held, one.accounts)),
        "precision": found.precision(one) if one.artificial else None,
        "precision_interval": list(wilson(one.held, one.held + held)) if one.artificial else None,
    }


def _best(ways: Sequence[Earned]) -> dict[str, Any]:
    best = best_of(ways)
    return {"means": best.means, "scored": _money(best.scored), "unscored": _money(best.unscored)}


def _way(strategy: str, one: Earned) -> dict[str, Any]:
    return {"strategy": strategy, "means": one.means, "prices": one.level.value, **_money(one.scored)}


def _money(one: Reckoning) -> dict[str, int | None]:
    return {
        "rewards": one.rewards,
        "royalties": one.royalties,
        "earned": one.earned,
        "cost": one.cost,
        "gain": one.gain,
        "break_even_reward": one.break_even,
    }


def _sized(size: int, found: Evaluation) -> dict[str, Any]:
    farm = next(one for one in found.groups if one.name == FARM)
    return {
        "accounts": size,
        "recall": farm.recall,
        "recall_interval": list(wilson(farm.held, farm.scored)),
        "precision": found.precision(farm),
        "accounts_share": farm.accounts_share,
        "money": _best(found.earned[FARM]),
        "gain_at_usual_prices": found.gain(FARM, Level.USUAL),
        "gain_by_what_is_adopted": _adopted(found)[FARM],
    }


def _adopted(found: Evaluation) -> Mapping[str, int]:
    """Return what each strategy gains with the defence that is adopted, at the prices that favour it."""
    return next(one.gains for one in found.tried if one.name == ADOPTED)


def _defence(one: Tried, before: Tried) -> dict[str, Any]:
    """Return a defence beside what is so without it; shares are of the rewarded listens of each honest population."""
    return {
        "name": one.name,
        "gains": dict(one.gains),
        "income_kept": {group: _part(one.paid[group], had) for group, had in before.paid.items()},
        "income_waits": {group: _part(one.waiting[group], one.paid[group]) for group in one.paid},
        "accounts_that_lose": dict(one.losers),
        "kept_of_all": _part(sum(one.paid.values()), sum(before.paid.values())),
        "waits_of_all": _part(sum(one.waiting.values()), sum(one.paid.values())),
    }


def _part(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
