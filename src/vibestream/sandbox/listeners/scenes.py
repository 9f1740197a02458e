"""Whole worlds: every population and every strategy among the same songs, by a seed."""

from __future__ import annotations

import random
from collections.abc import Collection
from itertools import count
from typing import Final

from vibestream.sandbox.listeners.adversaries import STRATEGIES
from vibestream.sandbox.listeners.catalogue import make_catalogue
from vibestream.sandbox.listeners.people import POPULATIONS, Cast
from vibestream.sandbox.listeners.world import Visit, World, play

ARTIFICIAL: Final = frozenset(STRATEGIES)


def make_world(*, seed: int, scale: float = 1.0, farm: int = 1_000, only: Collection[str] | None = None) -> World:
    """Return the world of a seed, with a farm of so many accounts; with `only`, of these groups alone."""
    rng = random.Random(seed)  # noqa: S311 - repeatable is what it is for
    cast = Cast(rng, make_catalogue(rng), scale, count(1), farm)
    visits: list[Visit] = []
    for name, make in {**POPULATIONS, **STRATEGIES}.items():
        if only is None or name in only:
            visits += make(cast)
    world = play(visits, seed=seed)
    world.targets = dict(cast.targets)
    return world
