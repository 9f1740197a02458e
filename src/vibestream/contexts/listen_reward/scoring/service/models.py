"""The model that this release brings, and models from files."""

from __future__ import annotations

from functools import cache
from importlib import resources

from vibestream.contexts.listen_reward.scoring.domain.statistics import model as models
from vibestream.contexts.listen_reward.scoring.domain.statistics.model import Model

__all__ = ["Model"]


@cache
def committed_model() -> Model:
    """Return the model that this release brings, read once: some tens of milliseconds.

    Raises:
        ScoringModelUnusable: the installation is damaged.
    """
    data = resources.files("vibestream.contexts.listen_reward.scoring").joinpath("model.json").read_bytes()
    return models.load(data)


def load(*, data: bytes) -> Model:
    """Return the model of a file's contents.

    Raises:
        ScoringModelUnusable: it is no model of this release.
    """
    return models.load(data)
