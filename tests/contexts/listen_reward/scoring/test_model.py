"""The model: what is walked here is what LightGBM would say, and what is no model is refused."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from vibestream.contexts.listen_reward.scoring.domain.statistics.features import FEATURES
from vibestream.contexts.listen_reward.scoring.domain.statistics.model import (
    Examples,
    Model,
    ScoringModelUnusable,
    TooFewExamples,
    load,
    train,
)
from vibestream.contexts.listen_reward.scoring.service.models import committed_model
from vibestream.kernel.trees import grow

PLACE = FEATURES.index("own.quick")


def examples(seed: int, rows: int = 3_000) -> Examples:
    """Listens of which those are artificial that were left at once, and some at random."""
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-1, 1_000, (rows, len(FEATURES))).astype(np.float64)
    artificial = (vectors[:, PLACE] > 700) & (rng.random(rows) < 0.9)
    return Examples(vectors, artificial, np.ones(rows))


@cache
def trained() -> bytes:
    return train(examples(1), held_out=examples(2), seed=1, about={"learned_from": "a test"})


def test_a_walk_says_what_lightgbm_says():
    learned = examples(1)
    booster = grow(learned.vectors, learned.artificial, learned.weight, seed=1, trees=150)
    model = load(trained())
    rows = examples(3, rows=200).vectors

    theirs = booster.predict(rows, num_threads=1)

    assert [model.raw([float(one) for one in row]) for row in rows] == pytest.approx(theirs, abs=1e-9)


def test_one_row_and_many_rows_are_given_the_same():
    model, rows = load(trained()), examples(4, rows=300).vectors

    assert [model.risk_ppm(list(row)) for row in rows] == list(model.risks_ppm(rows))


def test_it_tells_what_it_learned_apart_and_says_by_what():
    model = load(trained())
    low, high = np.full(len(FEATURES), 300.0), np.full(len(FEATURES), 300.0)
    high[PLACE] = 900

    assert model.risk_ppm(list(low)) < 50_000
    assert model.risk_ppm(list(high)) > 700_000
    assert model.explain(list(high), most=3)[0] == "own.quick"


def test_probabilities_lie_near_what_happens():
    model, fresh = load(trained()), examples(5)
    said = model.risks_ppm(fresh.vectors) / 1e6

    assert abs(said.mean() - fresh.artificial.mean()) < 0.02


def test_the_same_examples_and_seed_give_the_same_file():
    assert train(examples(1), held_out=examples(2), seed=1, about={"learned_from": "a test"}) == trained()


def test_too_little_is_not_learned_from():
    few = examples(1, rows=300)
    with pytest.raises(TooFewExamples):
        train(few, held_out=examples(2), seed=1, about={})
    with pytest.raises(TooFewExamples):
        train(examples(1), held_out=few, seed=1, about={})


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"feature_set": 0},
        {"features": list(FEATURES[1:])},
        {"features": []},
        {"features": [*FEATURES, "later"]},
        {"trees": []},
        {"trees": [[[0], [0.5]]]},
        {"calibration": [[], []]},
        {"calibration": ["a", "b"]},
        {"about": 7},
    ],
    ids=str,
)
def test_what_is_no_model_of_this_release_is_refused(change: dict[str, Any]):
    with pytest.raises(ScoringModelUnusable):
        load(json.dumps({**json.loads(trained()), **change}).encode())


def test_a_model_that_learned_before_a_feature_was_added_at_the_end_says_the_same():
    document = json.loads(trained())
    last = len(FEATURES) - 1
    document["trees"] = [tree for tree in document["trees"] if last not in tree[0]]
    assert document["trees"]
    whole = load(json.dumps(document).encode())
    earlier = load(json.dumps({**document, "features": list(FEATURES[:-1])}).encode())
    vector = [float(number) for number in range(len(FEATURES))]

    assert earlier.risk_ppm(vector) == whole.risk_ppm(vector)


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{}", b"\xff\xfe"])
def test_what_is_no_file_of_ours_is_refused(data: bytes):
    with pytest.raises(ScoringModelUnusable):
        load(data)


def test_this_release_brings_a_model_that_says_what_it_learned_from():
    model: Model = committed_model()

    assert model is committed_model()
    assert "simulated worlds" in model.about["learned_from"]
