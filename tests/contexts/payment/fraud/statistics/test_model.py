"""The model's file: what it keeps, that it repeats, and what is refused; the simulator it learns from."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vibestream.contexts.payment.fraud.domain.default_policy import DEFAULT_POLICY
from vibestream.contexts.payment.fraud.domain.facts import Verdict
from vibestream.contexts.payment.fraud.domain.policy import fired
from vibestream.contexts.payment.fraud.domain.statistics.evaluation import evaluate, rules_speaking
from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURES
from vibestream.contexts.payment.fraud.domain.statistics.measures import average_precision, calibration_error
from vibestream.contexts.payment.fraud.domain.statistics.model import (
    Examples,
    ModelUnusable,
    TooFewFrauds,
    load,
    train,
)
from vibestream.contexts.payment.fraud.domain.statistics.report import files
from vibestream.contexts.payment.fraud.domain.statistics.simulator import worlds
from vibestream.contexts.payment.fraud.domain.statistics.simulator.handbook import Scale, simulate
from vibestream.contexts.payment.fraud.service.learning import Lesson, fit


def test_a_model_tells_fraud_from_honesty_on_a_week_that_it_has_not_seen(lesson: Lesson, model_file: bytes):
    model = load(model_file)
    held_out = lesson.held_out
    scores = model.scores(held_out.vectors)
    base = held_out.fraud.mean()
    assert average_precision(held_out.fraud, scores) > 4 * base
    assert calibration_error(held_out.fraud, scores) < 0.03
    assert ((scores >= 0) & (scores <= 1)).all()
    assert model.about["trained_on"] == lesson.trained_on


def test_newcomers_are_not_taken_for_thieves(lesson: Lesson, model_file: bytes):
    held_out = lesson.held_out
    first = (held_out.vectors[:, FEATURES.index("user.count.30d")] == 0) & ~held_out.payout & ~held_out.fraud
    scores = load(model_file).scores(held_out.vectors[first])
    assert first.sum() > 50
    assert (scores > 0.5).mean() < 0.02
    assert scores.mean() < 0.15


def test_one_row_scores_as_it_does_among_others(lesson: Lesson, model_file: bytes):
    model = load(model_file)
    rows = lesson.held_out.vectors[:50]
    assert [model.scores(row.reshape(1, -1))[0] for row in rows] == model.scores(rows).tolist()


def test_the_same_lesson_and_seed_give_the_same_file(lesson: Lesson, model_file: bytes):
    assert fit(lesson, seed=1) == model_file
    assert fit(lesson, seed=2) != model_file


def test_an_explanation_names_what_spoke_for_fraud_the_weightiest_first(lesson: Lesson, model_file: bytes):
    model = load(model_file)
    scores = model.scores(lesson.held_out.vectors)
    worst = lesson.held_out.vectors[int(np.argmax(scores))]
    explained = model.explain(worst, most=5)
    weights = [weight for _, weight in explained]
    assert len(explained) == 5
    assert weights == sorted(weights, reverse=True)
    assert min(weights) > 0
    assert {name for name, _ in explained} <= set(FEATURES)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"{}",
        lambda _: b"[1, 2]",
        lambda document: json.dumps({**document, "format": 2}).encode(),
        lambda document: json.dumps({**document, "feature_set": "0" * 16}).encode(),
        lambda document: json.dumps({**document, "booster": "tree\nversion=v4\n"}).encode(),
        lambda document: json.dumps({**document, "calibration": "x"}).encode(),
        lambda document: json.dumps({key: value for key, value in document.items() if key != "baselines"}).encode(),
    ],
    ids=["empty", "object", "list", "format", "features", "trees", "calibration", "baselines"],
)
def test_a_file_that_is_no_model_of_this_release_is_refused(model_file: bytes, spoil: Any):
    with pytest.raises(ModelUnusable):
        load(spoil(json.loads(model_file)))


def test_too_little_fraud_is_not_learned_from():
    vectors = np.zeros((100, len(FEATURES)))
    few = np.arange(100) % 10 == 0
    examples = Examples(vectors, few, np.arange(100), np.ones(100))
    with pytest.raises(TooFewFrauds, match="10 known frauds"):
        train(examples, seed=1, about={})
    nothing = Examples(vectors[:0], few[:0], np.arange(0), np.ones(0))
    with pytest.raises(TooFewFrauds):
        train(nothing, seed=1, about={})


def test_without_the_openmp_runtime_it_says_what_to_install(tmp_path: Path):
    """LightGBM's wheel does not bring libgomp.so.1: here it is hidden, as on a machine that lacks it."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    found = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    hidden = [line.split("=> ")[1] for line in found.splitlines() if line.strip().startswith("libgomp.so.1 ")]
    program = (
        "from vibestream.contexts.payment.fraud.domain.statistics.model import library_of_trees, ModelLibraryMissing\n"
        "try:\n    library_of_trees()\nexcept ModelLibraryMissing as error:\n    print(error)"
    )
    masks = [part for path in hidden for part in ("--ro-bind", "/dev/null", str(Path(path).resolve()))]
    command = ["bwrap", "--dev-bind", "/", "/", *masks, sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    if "bwrap:" in ran.stderr:
        pytest.skip(f"bubblewrap cannot run here: {ran.stderr[:100]}")
    assert "libgomp.so.1" in ran.stdout
    assert "install the system package libgomp1" in ran.stdout


def test_the_handbooks_world_has_the_shape_that_it_describes():
    payments = simulate(Scale(customers=1_000, terminals=2_000, days=60), seed=7)
    again = simulate(Scale(customers=1_000, terminals=2_000, days=60), seed=7)
    assert np.array_equal(payments.cents, again.cents)
    assert np.array_equal(payments.scenario, again.scenario)
    assert (np.diff(payments.second) >= 0).all()
    # Two payments a person and day, less what falls outside the day and people without a terminal nearby.
    assert 0.9 < len(payments.second) / (1_000 * 60 * 2) < 1.0
    hours = payments.second % 86_400 / 3_600
    assert abs(hours.mean() - 12) < 0.1
    honest = payments.scenario == 0
    assert payments.cents[honest].max() <= 22_000
    assert (payments.cents[payments.scenario == 1] > 22_000).all()
    assert set(np.unique(payments.scenario)) == {0, 1, 2, 3}
    by_terminal = np.unique(payments.terminal[payments.scenario == 2])
    assert 0 < len(by_terminal) <= 2 * 60
    taken = payments.scenario == 3
    assert payments.cents[taken].mean() > 3 * payments.cents[honest].mean()


def test_a_music_world_has_every_kind_of_fraud_and_is_in_order():
    world = worlds.simulated(Scale(customers=3_000, terminals=600, days=60), seed=5)
    events = world.table.events
    assert (np.diff(events.at) >= 0).all()
    assert set(np.unique(world.scenario)) == {0, 1, 2, 3, 4, 5, 6}
    assert np.array_equal(world.scenario > 0, events.fraud)
    tests = world.scenario == 4
    assert (set(events.cents[tests].tolist()), bool(events.payout[tests].any())) == ({99}, False)
    assert events.payout[world.scenario >= 5].all()
    # No single fact gives a stream farm away: some honest artists look like one.
    heard = world.table.signals["listen_concentration"]
    honest, farm = events.payout & (world.scenario == 0), world.scenario == 5
    assert np.nanmax(heard[honest]) > np.nanmedian(heard[farm])


def test_rules_speak_for_many_as_they_do_for_one(lesson: Lesson):
    vectors = lesson.held_out.vectors[:300]
    for rule in DEFAULT_POLICY.rules:
        many = rules_speaking(rule, vectors)
        for row, vector in enumerate(vectors):
            features = dict(zip(FEATURES, vector.tolist(), strict=True))
            assert many[row] == (rule in fired(DEFAULT_POLICY, kind=rule.kind, features=features))


def test_an_evaluation_adds_up_and_its_report_stands_alone(lesson: Lesson, model_file: bytes):
    held_out = lesson.held_out
    found = evaluate(load(model_file).scores(held_out.vectors), held_out, policy=DEFAULT_POLICY)
    for way in found.ways.values():
        assert sum(way.verdicts.values()) == len(held_out.fraud)
    allowing = found.ways["allow everything"]
    assert allowing.cost_cents == int((held_out.cents[held_out.fraud] + 1_500).sum())
    assert (allowing.caught, allowing.bothered) == (0, 0)
    assert found.ways["model and rules"].cost_cents < found.ways["rules alone"].cost_cents
    assert found.recall[-1] == 1
    assert found.frauds == int(held_out.fraud.sum())
    assert set(allowing.verdicts) == {verdict.value for verdict in Verdict}

    written = files(found, title="Model <x>", about={"note": "a & b"})
    page = written["report.html"].decode()
    assert set(written) == {"report.html", "report.json", "curves.csv"}
    assert page.count("<svg") == 3
    assert "Model &lt;x&gt;" in page
    assert "a &amp; b" in page
    assert not any(word in page for word in ("http://", "https://", "<script", "nan"))
    numbers = json.loads(written["report.json"])
    assert numbers["ways"]["rules alone"]["cost_cents"] == found.ways["rules alone"].cost_cents
    lines = written["curves.csv"].decode().splitlines()
    assert lines[0] == "curve,x,y"
    assert {line.split(",")[0] for line in lines[1:]} == {
        "precision_by_recall", "observed_by_stated", "cost_cents_by_threshold",
    }  # fmt: skip
