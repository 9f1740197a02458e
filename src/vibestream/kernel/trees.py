"""Boosted trees and the calibration that makes their score a probability: the one way in which every context learns.

LightGBM and scikit-learn are loaded when something is learned, never when this module is imported. The same examples and
seed give the same trees, to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import numpy as np
from numpy.typing import NDArray

from vibestream.kernel.errors import Unavailable

if TYPE_CHECKING:
    import lightgbm

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TREES: Final = 250
_PARAMETERS: Final[Mapping[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    # One thread: the machine has other work, and a run can be repeated to the bit.
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
# No class weights and no resampling: they are what breaks the probabilities that costs are reckoned with.
_STRAIGHT: Final = 1e-3
"""How much of the uncalibrated score is mixed in, so that where the calibration is flat, order is kept."""


class ModelLibraryMissing(Unavailable):
    """LightGBM cannot be loaded on this machine; rules decide alone until it can."""

    code: ClassVar[str] = "fraud.model_library_missing"


@dataclass(frozen=True, slots=True)
class Calibration:
    """From the trees' score to a probability: increasing, piecewise linear."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, scores: Floats) -> Floats:
        """Return the probability of each score."""
        fitted = np.interp(scores, self.scores, self.probabilities)
        mixed: Floats = (1 - _STRAIGHT) * fitted + _STRAIGHT * scores
        return mixed


def calibrated(scores: Floats, positive: Bools, weight: Floats) -> Calibration:
    """Return the calibration of scores by isotonic regression, each flat stretch drawn together to its middle.

    Source: Oron and Flournoy, Centered Isotonic Regression, 2017.
    """
    from sklearn.isotonic import IsotonicRegression  # type: ignore[import-untyped]

    regression = IsotonicRegression(y_min=0.0, y_max=1.0).fit(scores, positive.astype(np.float64), weight)
    fitted = regression.predict(scores)
    levels, which = np.unique(fitted, return_inverse=True)
    total = np.bincount(which, weight)
    middles = np.bincount(which, weight * scores) / total
    return Calibration(tuple(float(one) for one in middles), tuple(float(one) for one in levels))


def grow(vectors: Floats, positive: Bools, weight: Floats, *, seed: int, trees: int = TREES) -> lightgbm.Booster:
    """Return trees grown on rows of features, shape (rows, features), each with its label and weight.

    Raises:
        ModelLibraryMissing: LightGBM cannot be loaded.
    """
    library = library_of_trees()
    data = library.Dataset(vectors, positive.astype(np.float64), weight=weight, free_raw_data=True)
    return cast("lightgbm.Booster", library.train({**_PARAMETERS, "seed": seed}, data, trees))


def library_of_trees() -> Any:
    """Return the LightGBM module, loaded now if it was not yet: about two seconds.

    Raises:
        ModelLibraryMissing: it, or the OpenMP runtime that its wheel does not bring, is not on this machine.
    """
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        hint = (
            "; install the system package libgomp1 (Debian) or libgomp (Fedora, Alpine)" if "gomp" in str(error) else ""
        )
        raise ModelLibraryMissing(f"LightGBM cannot be loaded ({error}){hint}.") from error
    return lightgbm
