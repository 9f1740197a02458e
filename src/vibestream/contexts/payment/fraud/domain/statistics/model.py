"""The model: boosted trees with a calibration, as one file whose SHA-256 is its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import numpy as np

from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURE_SET, FEATURES
from vibestream.contexts.payment.fraud.domain.statistics.measures import Baseline, baseline_of
from vibestream.contexts.payment.fraud.domain.statistics.tables import Bools, Floats, Ints
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.trees import Calibration, ModelLibraryMissing, calibrated, grow, library_of_trees

if TYPE_CHECKING:
    import lightgbm

__all__ = [
    "SCORE",
    "Calibration",
    "Examples",
    "Model",
    "ModelLibraryMissing",
    "ModelUnusable",
    "TooFewFrauds",
    "calibrated",
    "library_of_trees",
    "load",
    "train",
]

FORMAT: Final = 1
SCORE: Final = "score"
"""The name under which the score's own spread is kept beside those of the features."""
LEAST_FRAUDS: Final = 50
"""With fewer known frauds nothing can be learned that holds tomorrow."""

_CALIBRATED_ON: Final = (3, 7)
"""The share of the window, the latest of it, that the calibration is fitted on."""


class ModelUnusable(Conflict):
    """The file is no model of this release: damaged, of another format, or of other features."""

    code: ClassVar[str] = "fraud.model_unusable"


class TooFewFrauds(InvalidInput):
    """There is too little known fraud to learn from."""

    code: ClassVar[str] = "fraud.too_few_frauds"


@dataclass(frozen=True, slots=True)
class Examples:
    """What to learn from, one row per payment or payout, in order of time."""

    vectors: Floats
    fraud: Bools
    at: Ints
    """Milliseconds since 1970."""
    weight: Floats
    """One over how likely it was that the outcome would be seen at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A loaded model. Scoring is safe from several threads."""

    sha256: str
    calibration: Calibration
    baselines: Mapping[str, Baseline]
    about: Mapping[str, Any]
    booster: lightgbm.Booster = field(repr=False)

    def scores(self, vectors: Floats) -> Floats:
        """Return the probability of fraud for each row, shape (rows,)."""
        raw = cast("Floats", self.booster.predict(vectors, num_threads=1))
        return self.calibration(raw)

    def explain(self, vector: Floats, *, most: int) -> list[tuple[str, float]]:
        """Return the features that spoke most for fraud, with how much (in log-odds), the weightiest first."""
        parts = cast("Floats", self.booster.predict(vector.reshape(1, -1), pred_contrib=True, num_threads=1))[0, :-1]
        return [(FEATURES[index], float(parts[index])) for index in np.argsort(-parts)[:most] if parts[index] > 0]


def train(examples: Examples, *, seed: int, about: Mapping[str, Any]) -> bytes:
    """Return a model's file.

    The calibration is fitted on the latest part of the window, by trees that saw only what came before it; then the trees
    that serve are grown on all of the window. The same examples and seed give the same file.

    Raises:
        TooFewFrauds: fewer than 50 in all, or none on either side of the calibration's beginning.
        ModelLibraryMissing: LightGBM cannot be loaded.
    """
    start, end = int(examples.at.min(initial=0)), int(examples.at.max(initial=0))
    if len(examples.at):
        start = int(examples.at.min())
    cut = end - (end - start) * _CALIBRATED_ON[0] // _CALIBRATED_ON[1]
    earlier = examples.at < cut
    counts = int(examples.fraud.sum()), int(examples.fraud[earlier].sum()), int(examples.fraud[~earlier].sum())
    if counts[0] < LEAST_FRAUDS or min(counts) == 0:
        raise TooFewFrauds(f"{counts[0]} known frauds are too few to learn from; at least {LEAST_FRAUDS} are needed.")
    first = grow(examples.vectors[earlier], examples.fraud[earlier], examples.weight[earlier], seed=seed)
    held_out = cast("Floats", first.predict(examples.vectors[~earlier], num_threads=1))
    calibration = calibrated(held_out, examples.fraud[~earlier], examples.weight[~earlier])
    booster = grow(examples.vectors, examples.fraud, examples.weight, seed=seed)
    fitted = calibration(cast("Floats", booster.predict(examples.vectors, num_threads=1)))
    baselines = {name: baseline_of(examples.vectors[:, column]) for column, name in enumerate(FEATURES)}
    baselines[SCORE] = baseline_of(calibration(held_out) if len(held_out) else fitted)
    document = {
        "format": FORMAT,
        "feature_set": FEATURE_SET,
        "calibration": [calibration.scores, calibration.probabilities],
        "baselines": {name: [one.edges, one.shares] for name, one in baselines.items()},
        "about": dict(about),
        "booster": booster.model_to_string(),
    }
    return json.dumps(document, allow_nan=False, sort_keys=True).encode()


def load(data: bytes) -> Model:
    """Return the model of a file.

    Raises:
        ModelUnusable: it is no model of this release.
        ModelLibraryMissing: LightGBM cannot be loaded.
    """
    library = library_of_trees()
    try:
        document = json.loads(data)
        if document["format"] != FORMAT or document["feature_set"] != FEATURE_SET:
            raise ModelUnusable("The model was trained for another release's features: train a new one.")
        calibration = Calibration(*(tuple(float(one) for one in part) for part in document["calibration"]))
        baselines = {
            name: Baseline(tuple(edges), tuple(shares)) for name, (edges, shares) in document["baselines"].items()
        }
        booster = library.Booster(model_str=document["booster"])
        about = dict(document["about"])
    except (ValueError, TypeError, KeyError, AttributeError, library.basic.LightGBMError) as error:
        raise ModelUnusable(f"The file is no model: {type(error).__name__}.") from error
    if booster.num_feature() != len(FEATURES):
        raise ModelUnusable("The model was trained for another number of features.")
    return Model(hashlib.sha256(data).hexdigest(), calibration, baselines, about, booster)
