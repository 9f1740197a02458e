"""What the scoring decides about the listens of a world, in their order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vibestream.contexts.listen_reward.scoring.domain.deciding import Standing, decide, named
from vibestream.contexts.listen_reward.scoring.domain.policy import Policy, Verdict
from vibestream.contexts.listen_reward.scoring.domain.statistics.model import Model
from vibestream.sandbox.listeners.world import Scored, World


@dataclass(frozen=True, slots=True)
class Judged:
    """A scored listen and what was decided about it."""

    listen: Scored
    by_itself: bool
    """Whether it would be held or rejected without what was decided before."""
    verdict: Verdict


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
