"""Training the scoring's model on simulated worlds."""

from __future__ import annotations

from vibestream.contexts.listen_reward.scoring.domain.statistics.model import train
from vibestream.sandbox.listeners.scenes import ARTIFICIAL, CALIBRATED, LEARNED, make_world
from vibestream.sandbox.listeners.world import examples_of

SCALE = 0.6
FARM = 250


def train_model(*, scale: float = SCALE, farm: int = FARM, learned: tuple[int, ...] = LEARNED) -> bytes:
    """Return a model's file, learned from the worlds of some seeds and calibrated on that of another. Minutes of a core."""
    worlds = [make_world(seed=seed, scale=scale, farm=farm) for seed in learned]
    held_out = make_world(seed=CALIBRATED, scale=scale, farm=farm)
    about = {
        "learned_from": f"simulated worlds of seeds {', '.join(map(str, learned))}, scale {scale}, a farm of {farm}",
        "calibrated_on": f"seed {CALIBRATED}",
    }
    return train(
        examples_of(worlds, artificial=ARTIFICIAL),
        held_out=examples_of([held_out], artificial=ARTIFICIAL),
        seed=learned[0],
        about=about,
    )
