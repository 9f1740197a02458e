"""What the scoring does to each population and strategy of some worlds: held or not, and what pretending was worth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vibestream.contexts.listen_reward.scoring.domain.policy import Policy, Verdict
from vibestream.contexts.listen_reward.scoring.domain.statistics.model import Model
from vibestream.sandbox.listeners.costs import Level, Worth
from vibestream.sandbox.listeners.earnings import Earned, Tried, best_of, earned_of, tried_in
from vibestream.sandbox.listeners.judging import Judged, judge
from vibestream.sandbox.listeners.scenes import ARTIFICIAL
from vibestream.sandbox.listeners.world import World


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
    by_world: tuple[tuple[Group, ...], ...]
    earned: Mapping[str, tuple[Earned, ...]]
    """By strategy: each of its means at each level of prices, in the world in which it did best."""
    tried: tuple[Tried, ...]
    """Economic defences, with what each strategy gains and what people are paid."""

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

    @property
    def held_of_people(self) -> int:
        """Return the listens of honest people that were held."""
        return sum(one.held for one in self.groups if not one.artificial)

    def precision(self, group: Group) -> float:
        """Return how many of what is held are this strategy's, if it were there alone among all these people."""
        wrong = self.held_of_people
        return group.held / (group.held + wrong) if group.held + wrong else 1.0

    def gain(self, strategy: str, level: Level = Level.LOW) -> int:
        """Return what a strategy gains by the best of its means at a level of prices; the low ones favour it."""
        return best_of(self.earned[strategy], level).scored.gain


def evaluate(worlds: Iterable[World], *, policy: Policy, model: Model | None, worth: Worth) -> Evaluation:
    """Return how the scoring does in some worlds, taken together and each."""
    by_world: list[tuple[Group, ...]] = []
    money: dict[str, list[Earned]] = defaultdict(list)
    tried: list[tuple[Tried, ...]] = []
    for world in worlds:
        by_group: dict[str, list[Judged]] = defaultdict(list)
        for one in judge(world, policy=policy, model=model):
            by_group[one.listen.group].append(one)
        by_world.append(tuple(_group(world, name, by_group[name]) for name in sorted(world.opened, key=_place)))
        for name in sorted(ARTIFICIAL & set(world.opened)):
            money[name] += earned_of(world, name, by_group[name], worth)
        tried.append(tried_in(world, by_group, worth))
    parts: dict[str, list[Group]] = defaultdict(list)
    for groups in by_world:
        for group in groups:
            parts[group.name].append(group)
    return Evaluation(
        groups=tuple(_sum(parts[name]) for name in sorted(parts, key=_place)),
        by_world=tuple(by_world),
        earned={name: _best_worlds(found) for name, found in money.items()},
        tried=tuple(_together(same) for same in zip(*tried, strict=True)),
    )


def _place(name: str) -> tuple[bool, str]:
    return name in ARTIFICIAL, name


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


def _best_worlds(found: Sequence[Earned]) -> tuple[Earned, ...]:
    """Return each means at each level, in the world in which the adversary did best."""
    best: dict[tuple[str, str], Earned] = {}
    for one in found:
        key = one.means, one.level.value
        if key not in best or one.scored.gain > best[key].scored.gain:
            best[key] = one
    return tuple(best.values())


def _together(same: Sequence[Tried]) -> Tried:
    """Return one defence over all worlds: gains of the world in which each was greatest, incomes summed."""
    gains: dict[str, int] = {}
    for one in same:
        for name, gain in one.gains.items():
            gains[name] = max(gain, gains.get(name, gain))
    paid: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    losers: Counter[str] = Counter()
    for one in same:
        paid.update(one.paid)
        waiting.update(one.waiting)
        losers.update(one.losers)
    return Tried(same[0].name, gains, dict(paid), dict(waiting), dict(losers))
