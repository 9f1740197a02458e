"""What each strategy of a world earned against its cost, and what economic defences change about that and about people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vibestream.contexts.listen_reward.scoring.domain.policy import Verdict
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import DAY_S
from vibestream.sandbox.listeners.costs import MEANS, Ledger, Level, Reckoning, Worth, reckon
from vibestream.sandbox.listeners.defences import IN_FORCE, TRIED, Defences, Income, income_of
from vibestream.sandbox.listeners.judging import Judged
from vibestream.sandbox.listeners.scenes import ARTIFICIAL
from vibestream.sandbox.listeners.world import World


@dataclass(frozen=True, slots=True)
class Earned:
    """What a strategy earned by some means at some prices: with the scoring, and had everything proven counted."""

    means: str
    level: Level
    scored: Reckoning
    unscored: Reckoning


@dataclass(frozen=True, slots=True)
class Tried:
    """What a defence does: gains by strategy, at the low prices and by the best means, and rewarded listens of people."""

    name: str
    gains: Mapping[str, int]
    paid: Mapping[str, int]
    """By honest population: rewarded listens."""
    waiting: Mapping[str, int]
    """Of these, those that wait for an account to be older."""
    losers: Mapping[str, int]
    """By honest population: accounts that are paid less than without the defence."""


def best_of(ways: Sequence[Earned], level: Level = Level.LOW) -> Earned:
    """Return the means by which most is gained at a level of prices; the low ones favour the adversary."""
    return max((one for one in ways if one.level is level), key=lambda one: one.scored.gain)


def earned_of(world: World, name: str, judged: Sequence[Judged], worth: Worth) -> list[Earned]:
    """Return what a strategy of a world earned, by each of its means at each level of prices."""
    alone = [Judged(one.listen, by_itself=False, verdict=Verdict.ACCEPT) for one in judged]
    scored, unscored = (_ledger(world, name, rows, worth, IN_FORCE) for rows in (judged, alone))
    return [
        Earned(
            *(means.name, level),
            reckon(scored, means=means, worth=worth, level=level),
            reckon(unscored, means=means, worth=worth, level=level),
        )
        for means in MEANS[name]
        for level in Level
    ]


def tried_in(world: World, by_group: Mapping[str, Sequence[Judged]], worth: Worth) -> tuple[Tried, ...]:
    """Return what each defence does in a world."""
    people = sorted(set(world.opened) - ARTIFICIAL)
    without = {name: income_of(by_group[name], defences=IN_FORCE, horizon_days=worth.horizon_days) for name in people}
    return tuple(_tried(world, name, by_group, worth=worth, without=without) for name in TRIED)


def _tried(
    world: World, name: str, by_group: Mapping[str, Sequence[Judged]], *, worth: Worth, without: Mapping[str, Income]
) -> Tried:
    defences = TRIED[name]
    gains = {}
    for strategy in sorted(ARTIFICIAL & set(world.opened)):
        ledger = _ledger(world, strategy, by_group[strategy], worth, defences)
        gains[strategy] = max(reckon(ledger, means=means, worth=worth).gain for means in MEANS[strategy])
    found = {group: income_of(by_group[group], defences=defences, horizon_days=worth.horizon_days) for group in without}
    return Tried(
        name=name,
        gains=gains,
        paid={group: one.total for group, one in found.items()},
        waiting={group: sum(one.waiting.values()) for group, one in found.items()},
        losers={
            group: sum(one.paid.get(account, 0) < had for account, had in without[group].paid.items())
            for group, one in found.items()
        },
    )


def _ledger(world: World, name: str, judged: Sequence[Judged], worth: Worth, defences: Defences) -> Ledger:
    """Sum up what a strategy did: what was seen, and whoever was never held goes on as on their last day.

    What is tried after a hold costs nothing, because whoever is held stops.
    """
    days = max((one.listen.at_s // DAY_S for one in judged), default=0) + 1
    held = {one.listen.account for one in judged if one.verdict is not Verdict.ACCEPT}
    by_day: dict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        if one.verdict is Verdict.ACCEPT:
            by_day[one.listen.at_s // DAY_S].append(one)
    last = [one for one in by_day[days - 1] if one.listen.account not in held]
    parts = [(rows, 1) for rows in by_day.values()] + [(last, max(worth.horizon_days - days, 0))]
    own = world.targets.get(name, set())
    income = income_of(
        judged, defences=defences, horizon_days=worth.horizon_days, budget_listens_day=worth.budget_listens_day
    )
    return Ledger(
        accounts=len(world.accounts[name]),
        address_days=sum(times * len({one.listen.network for one in rows}) for rows, times in parts),
        player_days=sum(times * len({one.listen.account for one in rows}) for rows, times in parts),
        device_days=sum(times * len({one.listen.device for one in rows}) for rows, times in parts),
        fetched_ms=sum(times * one.listen.fetched_ms for rows, times in parts for one in rows),
        rewarded=income.total,
        royalties=sum(times * (one.listen.artist in own) for rows, times in parts for one in rows),
    )
