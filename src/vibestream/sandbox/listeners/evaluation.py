"""What the scoring does to each population and strategy of a world: held or not, and what pretending was worth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vibestream.contexts.listen_reward.scoring.domain.deciding import Standing, decide, named
from vibestream.contexts.listen_reward.scoring.domain.policy import Policy, Verdict
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import DAY_S
from vibestream.contexts.listen_reward.scoring.domain.statistics.model import Model
from vibestream.sandbox.listeners.costs import Costs, Ledger, Reckoning, reckon
from vibestream.sandbox.listeners.scenes import ARTIFICIAL
from vibestream.sandbox.listeners.world import Scored, World

_LISTEN_S: Final = 45
"""Audio fetched for a listen that a farm leaves when it counts: what it heard, and what the player had ahead."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A scored listen and what was decided about it."""

    listen: Scored
    by_itself: bool
    """Whether it would be held or rejected without what was decided before."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Group:
    """A population or strategy, as it came out."""

    name: str
    artificial: bool
    accounts: int
    accounts_held: int
    opened: int
    not_proven: int
    """Listens that the rules of listening did not take, before any scoring."""
    scored: int
    held_by_itself: int
    held: int
    """Held or rejected, with what waits because a case is open."""
    median_before: int
    """Listens that an account which was held had counted before, in the median; -1 when none was held."""

    @property
    def recall(self) -> float:
        """Held listens among all that were scored."""
        return self.held / self.scored if self.scored else 1.0

    @property
    def accounts_share(self) -> float:
        """Accounts held among all."""
        return self.accounts_held / self.accounts if self.accounts else 0.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How the scoring did in some worlds."""

    groups: tuple[Group, ...]
    reckonings: Mapping[str, tuple[Reckoning, Reckoning]]
    """By strategy: with the scoring, and had everything that was proven counted."""

    @property
    def honest(self) -> tuple[int, int]:
        """Honest listeners wrongly held, of how many."""
        own = [one for one in self.groups if not one.artificial]
        return sum(one.accounts_held for one in own), sum(one.accounts for one in own)

    @property
    def honest_share(self) -> float:
        """Honest listeners wrongly held, as a share."""
        held, of = self.honest
        return held / max(of, 1)

    def precision(self, group: Group) -> float:
        """Return how many of what is held are this strategy's, if it were there alone among all these people."""
        wrong = sum(one.held for one in self.groups if not one.artificial)
        return group.held / (group.held + wrong) if group.held + wrong else 1.0


def judge(world: World, *, policy: Policy, model: Model | None) -> list[Judged]:
    """Decide about a world's listens in their order. A case once opened stays open: nobody releases it within the world."""
    risks = model.risks_ppm(np.array([one.vector for one in world.scored])) if model is not None else None
    waiting: set[int] = set()
    out = []
    for number, one in enumerate(world.scored):
        risk = None if risks is None else int(risks[number])
        alone = decide(named(one.vector), standing=Standing.CLEAR, policy=policy, risk_ppm=risk).verdict
        verdict = alone if one.account not in waiting else max(alone, Verdict.HOLD, key=lambda each: each.severity)
        if verdict is not Verdict.ACCEPT:
            waiting.add(one.account)
        out.append(Judged(one, alone is not Verdict.ACCEPT, verdict))
    return out


def evaluate(worlds: Iterable[World], *, policy: Policy, model: Model | None, costs: Costs) -> Evaluation:
    """Return how the scoring does in some worlds, taken together."""
    groups: dict[str, list[Group]] = defaultdict(list)
    money: dict[str, list[tuple[Reckoning, Reckoning]]] = defaultdict(list)
    for world in worlds:
        by_group: dict[str, list[Judged]] = defaultdict(list)
        for one in judge(world, policy=policy, model=model):
            by_group[one.listen.group].append(one)
        for name in world.opened:
            groups[name].append(_group(world, name, by_group[name]))
            if name in ARTIFICIAL:
                money[name].append(_reckoned(world, name, by_group[name], costs))
    merged = tuple(_sum(parts) for _, parts in sorted(groups.items(), key=lambda one: (one[0] in ARTIFICIAL, one[0])))
    return Evaluation(merged, {name: _worst(found) for name, found in money.items()})


def _group(world: World, name: str, judged: Sequence[Judged]) -> Group:
    before: Counter[int] = Counter()
    held: set[int] = set()
    for one in judged:
        if one.verdict is not Verdict.ACCEPT:
            held.add(one.listen.account)
        elif one.listen.account not in held:
            before[one.listen.account] += 1
    counts = sorted(before[account] for account in held)
    return Group(
        name=name,
        artificial=name in ARTIFICIAL,
        accounts=len(world.accounts[name]),
        accounts_held=len(held),
        opened=world.opened[name],
        not_proven=world.refused[name],
        scored=len(judged),
        held_by_itself=sum(one.by_itself for one in judged),
        held=sum(one.verdict is not Verdict.ACCEPT for one in judged),
        median_before=counts[len(counts) // 2] if counts else -1,
    )


def _sum(parts: Sequence[Group]) -> Group:
    """Return a group of several worlds as one; of the medians, the middle one."""
    return Group(
        name=parts[0].name,
        artificial=parts[0].artificial,
        accounts=sum(one.accounts for one in parts),
        accounts_held=sum(one.accounts_held for one in parts),
        opened=sum(one.opened for one in parts),
        not_proven=sum(one.not_proven for one in parts),
        scored=sum(one.scored for one in parts),
        held_by_itself=sum(one.held_by_itself for one in parts),
        held=sum(one.held for one in parts),
        median_before=sorted(one.median_before for one in parts)[len(parts) // 2],
    )


def _worst(found: Sequence[tuple[Reckoning, Reckoning]]) -> tuple[Reckoning, Reckoning]:
    """Return the world in which the adversary did best."""
    return max(found, key=lambda one: one[0].gain)


def _reckoned(world: World, name: str, judged: Sequence[Judged], costs: Costs) -> tuple[Reckoning, Reckoning]:
    fetches = name != "heartbeat_forger"
    accounts = len(world.accounts[name])
    scored = _ledger(judged, accounts, costs, fetches=fetches)
    alone = [Judged(one.listen, by_itself=False, verdict=Verdict.ACCEPT) for one in judged]
    return reckon(scored, costs), reckon(_ledger(alone, accounts, costs, fetches=fetches), costs)


def _ledger(judged: Sequence[Judged], accounts: int, costs: Costs, *, fetches: bool) -> Ledger:
    """Sum up what a strategy did: what was seen, and whoever was never held goes on as on their last day."""
    days = max((one.listen.at_s // DAY_S for one in judged), default=0) + 1
    held = {one.listen.account for one in judged if one.verdict is not Verdict.ACCEPT}
    by_day: dict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        by_day[one.listen.at_s // DAY_S].append(one)
    more = max(costs.horizon_days - days, 0)
    last = [one for one in by_day[days - 1] if one.listen.account not in held]
    total = Counter[str]()
    for rows, times in (*((rows, 1) for rows in by_day.values()), (last, more)):
        for what, number in _day(rows, costs).items():
            total[what] += number * times
    return Ledger(
        accounts=accounts,
        address_days=-(-total["account_days"] // 25),
        device_days=total["account_days"],
        seconds_fetched=total["listens"] * _LISTEN_S * fetches,
        rewarded=total["rewarded"],
        counted=total["counted"],
    )


def _day(rows: Sequence[Judged], costs: Costs) -> Counter[str]:
    """Return a day's sums; what is tried after a hold costs nothing, because whoever is held stops."""
    per_track: Counter[tuple[int, int]] = Counter()
    per_account: Counter[int] = Counter()
    sums: Counter[str] = Counter()
    for one in rows:
        if one.verdict is not Verdict.ACCEPT:
            continue
        account, track = one.listen.account, one.listen.track
        sums["listens"] += 1
        sums["counted"] += 1
        if per_track[account, track] < costs.track_cap and per_account[account] < costs.listener_cap:
            per_track[account, track] += 1
            sums["rewarded"] += 1
        per_account[account] += 1
    sums["account_days"] = len(per_account)
    sums["rewarded"] = min(sums["rewarded"], costs.budget_listens_day)
    return sums
