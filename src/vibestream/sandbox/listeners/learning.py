"""Training the scoring's model on simulated worlds, and choosing from which probability on it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from vibestream.contexts.listen_reward.scoring.domain.policy import Policy, Verdict
from vibestream.contexts.listen_reward.scoring.domain.statistics.model import Model, train
from vibestream.sandbox.listeners.intervals import wilson
from vibestream.sandbox.listeners.judging import judge
from vibestream.sandbox.listeners.scenes import ARTIFICIAL, make_world
from vibestream.sandbox.listeners.seeds import CALIBRATED, LEARNED
from vibestream.sandbox.listeners.world import World, examples_of

SCALE = 1.0
FARM = 250
GRID_PPM: Final = (900_000, 950_000, 970_000, 980_000, 985_000, 990_000, 993_000, 995_000, 997_000, 998_000, 999_000)
"""What may be chosen."""
MOST_HELD: Final = 0.005
"""Of honest listeners, the share that may be held wrongly at most."""
MOST_HELD_OF_A_GROUP: Final = 0.02
"""Of each honest population: no kind of people pays for the others."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a threshold does on some worlds: honest accounts held, of how many, and artificial listens held, of how many."""

    hold_from_ppm: int
    honest_held: int
    honest: int
    worst_group: str
    """The honest population of which the greatest share was held."""
    worst_share: float
    caught: int
    artificial: int

    @property
    def bearable(self) -> bool:
        """Whether few enough people are held: the upper end of the interval, and of each population."""
        return wilson(self.honest_held, self.honest)[1] < MOST_HELD and self.worst_share <= MOST_HELD_OF_A_GROUP


def train_model(
    *,
    scale: float = SCALE,
    farm: int = FARM,
    learned: Sequence[int] = LEARNED,
    calibrated: Sequence[int] = CALIBRATED,
) -> bytes:
    """Return a model's file, learned from the worlds of some seeds and calibrated on those of others. Ten minutes of a core."""
    about = {
        "learned_from": f"simulated worlds of seeds {_listed(learned)}, scale {scale:g}, a farm of {farm}",
        "calibrated_on": f"seeds {_listed(calibrated)}",
    }
    return train(
        examples_of([make_world(seed=seed, scale=scale, farm=farm) for seed in learned], artificial=ARTIFICIAL),
        held_out=examples_of(
            [make_world(seed=seed, scale=scale, farm=farm) for seed in calibrated], artificial=ARTIFICIAL
        ),
        seed=learned[0],
        about=about,
    )


def choices(worlds: Iterable[World], *, policy: Policy, model: Model) -> list[Choice]:
    """Return what each threshold of the grid does on some worlds, the lowest first."""
    kept = list(worlds)
    return [_choice(kept, replace(policy, hold_from_ppm=ppm), model) for ppm in GRID_PPM]


def chosen(found: Iterable[Choice]) -> Choice | None:
    """Return the lowest threshold that people can bear: it catches the most. None: there is none."""
    return min((one for one in found if one.bearable), key=lambda one: one.hold_from_ppm, default=None)


def _choice(worlds: Sequence[World], policy: Policy, model: Model) -> Choice:
    held: dict[str, int] = {}
    people: dict[str, int] = {}
    caught = artificial = 0
    for world in worlds:
        judged = judge(world, policy=policy, model=model)
        taken = {(one.listen.group, one.listen.account) for one in judged if one.verdict is not Verdict.ACCEPT}
        for group in set(world.opened) - ARTIFICIAL:
            held[group] = held.get(group, 0) + sum(own == group for own, _ in taken)
            people[group] = people.get(group, 0) + len(world.accounts[group])
        artificial += sum(one.listen.group in ARTIFICIAL for one in judged)
        caught += sum(one.listen.group in ARTIFICIAL and one.verdict is not Verdict.ACCEPT for one in judged)
    worst = max(held, key=lambda group: held[group] / people[group])
    return Choice(
        hold_from_ppm=policy.hold_from_ppm,
        honest_held=sum(held.values()),
        honest=sum(people.values()),
        worst_group=worst,
        worst_share=held[worst] / people[worst],
        caught=caught,
        artificial=artificial,
    )


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
