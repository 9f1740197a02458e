"""The model: boosted trees with a calibration, learned by LightGBM and walked here.

A decision walks some two hundred small trees, which takes plain Python about as long as LightGBM needs for one row. So the
process that decides loads no native library, and an installation without the OpenMP runtime decides all the same; a test
compares each score with LightGBM's own.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

import numpy as np

from vibestream.contexts.listen_reward.scoring.domain.statistics.features import FEATURE_SET, FEATURES
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.trees import Bools, Calibration, Floats, calibrated, grow

FORMAT: Final = 1
PPM: Final = 1_000_000
_TREES: Final = 150
"""Each is walked for each decision; twice as many changed the figures in the third digit."""
LEAST_EXAMPLES: Final = 200
"""With fewer known artificial listens nothing can be learned that holds tomorrow."""


class ScoringModelUnusable(Conflict):
    """The file is no model of this release: damaged, of another format, or of other features."""

    code: ClassVar[str] = "scoring.model_unusable"


class TooFewExamples(InvalidInput):
    """There are too few known artificial listens to learn from."""

    code: ClassVar[str] = "scoring.too_few_examples"


@dataclass(frozen=True, slots=True)
class Examples:
    """Listens to learn from, or to measure by: one row each."""

    vectors: Floats
    artificial: Bools
    weight: Floats


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree as columns; a child below zero is no node but ends the walk."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]
    """What the listens that reach a node are given on average, in log-odds; of a leaf, what it gives."""


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model. It is named by the hash of its file."""

    sha256: str
    trees: tuple[Tree, ...]
    calibration: Calibration
    about: Mapping[str, Any]

    def raw(self, vector: Sequence[float]) -> float:
        """Return the trees' score of a row, before the calibration: between 0 and 1."""
        return _logistic(sum(tree.value[_leaf(tree, vector)] for tree in self.trees))

    def risk_ppm(self, vector: Sequence[float]) -> int:
        """Return how probably a listen is artificial, in millionths."""
        return round(float(self.calibration(np.array([self.raw(vector)]))[0]) * PPM)

    def risks_ppm(self, vectors: Floats) -> Floats:
        """Return the same for many rows at once, shape (rows,): for measuring, where there are hundreds of thousands."""
        scores = np.zeros(len(vectors))
        for tree in self.trees:
            scores += _leaf_values(tree, vectors)
        return np.round(self.calibration(1 / (1 + np.exp(-scores))) * PPM)

    def explain(self, vector: Sequence[float], *, most: int) -> list[str]:
        """Return the features that spoke most for it being artificial, the weightiest first.

        What a feature said is what the walk's mean changed by where it was asked. Source: Saabas, 2014.
        """
        said: dict[int, float] = {}
        for tree in self.trees:
            node = 0
            while tree.left[node] >= 0:
                child = _step(tree, node, vector)
                said[tree.feature[node]] = said.get(tree.feature[node], 0.0) + tree.value[child] - tree.value[node]
                node = child
        ranked = sorted(said, key=lambda feature: -said[feature])
        return [FEATURES[feature] for feature in ranked[:most] if said[feature] > 0]


def train(learned: Examples, *, held_out: Examples, seed: int, about: Mapping[str, Any]) -> bytes:
    """Return a model's file: trees grown on some worlds, calibrated on another that they never saw.

    Raises:
        TooFewExamples: fewer than 200 artificial listens, or only such, on either side.
        ModelLibraryMissing: LightGBM cannot be loaded.
    """
    for side in (learned, held_out):
        if not LEAST_EXAMPLES <= int(side.artificial.sum()) < len(side.artificial):
            raise TooFewExamples(f"At least {LEAST_EXAMPLES} artificial listens are needed, and some of people.")
    booster = grow(learned.vectors, learned.artificial, learned.weight, seed=seed, trees=_TREES)
    scores = cast("Floats", booster.predict(held_out.vectors, num_threads=1))
    calibration = calibrated(scores, held_out.artificial, held_out.weight)
    trees = [_columns(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    document = {
        "format": FORMAT,
        "feature_set": FEATURE_SET,
        "features": FEATURES,
        "calibration": [calibration.scores, calibration.probabilities],
        "about": dict(about),
        "trees": trees,
    }
    return json.dumps(document, allow_nan=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def load(data: bytes) -> Model:
    """Return the model of a file.

    Raises:
        ScoringModelUnusable: it is no model of this release.
    """
    try:
        document = json.loads(data)
        if (document["format"], document["feature_set"]) != (FORMAT, FEATURE_SET):
            raise ScoringModelUnusable("The model was trained for another release's features: train a new one.")
        # Features are added at the end: a model that learned before asks for none of the later ones, which are for rules.
        learned = tuple(document["features"])
        if not learned or learned != FEATURES[: len(learned)]:
            raise ScoringModelUnusable("The model was trained for other features.")
        scores, probabilities = document["calibration"]
        trees = tuple(Tree(*(tuple(column) for column in columns)) for columns in document["trees"])
        if not trees or not scores:
            raise ScoringModelUnusable("The model is empty.")
        about = dict(document["about"])
        calibration = Calibration(tuple(map(float, scores)), tuple(map(float, probabilities)))
    except (ValueError, TypeError, KeyError) as error:
        raise ScoringModelUnusable(f"The file is no model: {type(error).__name__}.") from error
    return Model(hashlib.sha256(data).hexdigest(), trees, calibration, about)


def _step(tree: Tree, node: int, vector: Sequence[float]) -> int:
    return tree.left[node] if vector[tree.feature[node]] <= tree.threshold[node] else tree.right[node]


def _leaf(tree: Tree, vector: Sequence[float]) -> int:
    node = 0
    while tree.left[node] >= 0:
        node = _step(tree, node, vector)
    return node


def _leaf_values(tree: Tree, vectors: Floats) -> Floats:
    feature, left, right = np.array(tree.feature), np.array(tree.left), np.array(tree.right)
    threshold = np.array(tree.threshold)
    nodes, rows = np.zeros(len(vectors), np.int64), np.arange(len(vectors))
    while len(walking := np.flatnonzero(left[nodes] >= 0)):
        at = nodes[walking]
        below = vectors[rows[walking], feature[at]] <= threshold[at]
        nodes[walking] = np.where(below, left[at], right[at])
    values: Floats = np.array(tree.value)[nodes]
    return values


def _columns(structure: Mapping[str, Any]) -> list[list[float]]:
    """Return a tree of LightGBM's dump as columns: feature, threshold, left, right, value."""
    columns: list[list[Any]] = [[], [], [], [], []]

    def add(node: Mapping[str, Any]) -> int:
        place = len(columns[0])
        leaf = "leaf_value" in node
        row = [0, 0.0, -1, -1, node["leaf_value"]] if leaf else _split(node)
        for column, value in zip(columns, row, strict=True):
            column.append(value)
        if not leaf:
            columns[2][place] = add(node["left_child"])
            columns[3][place] = add(node["right_child"])
        return place

    add(structure)
    return columns


def _split(node: Mapping[str, Any]) -> list[Any]:
    if node["decision_type"] != "<=":
        raise ScoringModelUnusable("The trees ask something that this release cannot answer.")
    return [node["split_feature"], node["threshold"], -1, -1, node["internal_value"]]


def _logistic(score: float) -> float:
    return 1 / (1 + math.exp(-score)) if score >= 0 else math.exp(score) / (1 + math.exp(score))
