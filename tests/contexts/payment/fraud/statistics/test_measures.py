"""Measures against scikit-learn and against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score  # type: ignore[import-untyped]

from vibestream.contexts.payment.fraud.domain.statistics.measures import (
    average_precision,
    baseline_of,
    calibration_error,
    population_stability,
    precision_at,
    reliability,
)
from vibestream.contexts.payment.fraud.domain.statistics.model import calibrated

scored = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=60)


@given(scored.filter(lambda pairs: any(label for label, _ in pairs)))
def test_average_precision_is_scikit_learns_ties_included(pairs: list[tuple[bool, int]]):
    labels, scores = np.array([one for one, _ in pairs]), np.array([one / 20 for _, one in pairs])
    assert average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores))


def test_average_precision_by_hand():
    # Ranks 1 and 3 are fraud: half the recall at precision 1, half at 2/3.
    labels, scores = np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.1])
    assert average_precision(labels, scores) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert average_precision(np.zeros(3, np.bool_), np.ones(3)) == 0.0


def test_calibration_error_sees_what_a_constant_hides_in_wide_bins():
    labels = np.arange(1_000) >= 900
    honest = np.where(labels, 0.99, 0.0)
    assert calibration_error(labels, honest) == pytest.approx(0.001)
    assert calibration_error(labels, np.full(1_000, 0.5)) == pytest.approx(0.4)
    # All in one wide bin, right on average, wrong everywhere: only bins of equal size see it.
    reversed_ = np.linspace(0.06, 0.0, 1_000)
    assert calibration_error(np.arange(1_000) < 30, reversed_) > 0.02


def test_reliability_says_stated_and_observed():
    found = reliability(np.array([False, True, True]), np.array([0.0005, 0.7, 0.75]))
    assert [(one.stated, one.observed, one.decisions) for one in found] == [(0.0005, 0.0, 1), (0.725, 1.0, 2)]


def test_precision_at_capacity_is_averaged_over_days():
    labels = np.array([True, False, False, True, True])
    scores, days = np.array([0.9, 0.8, 0.1, 0.9, 0.8]), np.array([1, 1, 1, 2, 2])
    assert precision_at(labels, scores, days, reviews=2) == pytest.approx((0.5 + 1.0) / 2)


def test_what_has_not_moved_has_no_drift_and_what_has_moved_has():
    draw = np.random.default_rng(1)
    before = draw.normal(0, 1, 20_000)
    baseline = baseline_of(before)
    assert population_stability(baseline, before) == pytest.approx(0.0, abs=1e-9)
    assert population_stability(baseline, draw.normal(0, 1, 5_000)) < 0.02
    assert population_stability(baseline, draw.normal(1, 1, 5_000)) > 0.25
    assert population_stability(baseline, np.full(5_000, np.nan)) > 1


def test_drift_by_hand():
    # Two bins of a half each; now a quarter and three quarters: 0.25 ln(1.5) - 0.25 ln(0.5) = 0.27465.
    baseline = baseline_of(np.array([0.0, 1.0] * 50), bins=2)
    assert baseline.shares == (0.5, 0.5, 0.0)
    assert population_stability(baseline, np.array([0.0] + [1.0] * 3)) == pytest.approx(0.27465, abs=1e-5)


def test_a_feature_that_was_never_known_and_a_constant_have_baselines():
    assert baseline_of(np.full(10, np.nan)).shares == (0.0, 1.0)
    constant = baseline_of(np.full(10, 3.0))
    assert population_stability(constant, np.full(50, 3.0)) == pytest.approx(0.0)
    assert population_stability(constant, np.full(50, 4.0)) > 1


@given(st.lists(st.tuples(st.integers(0, 1_000), st.booleans()), min_size=3, max_size=80))
def test_a_calibration_keeps_the_order_of_scores(pairs: list[tuple[int, bool]]):
    scores, labels = np.array([one / 1_000 for one, _ in pairs]), np.array([label for _, label in pairs])
    fitted = calibrated(scores, labels, np.ones(len(labels)))(np.linspace(0, 1, 500))
    assert (np.diff(fitted) > 0).all()
    assert fitted.min() >= 0
    assert fitted.max() <= 1
