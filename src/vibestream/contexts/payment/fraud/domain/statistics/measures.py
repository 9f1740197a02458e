"""How good a score is, how honest a probability, how far data has drifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vibestream.contexts.payment.fraud.domain.statistics.tables import Bools, Floats, Ints

_BINS: Final = 15
_LEAST_SHARE: Final = 1e-4
"""A bin that holds nothing counts as this share of the decisions, or the index would be infinite."""


def precision_recall(labels: Bools, scores: Floats) -> tuple[Floats, Floats]:
    """Return precision and recall at every distinct score, the highest first; equal scores fall together."""
    order = np.argsort(-scores, kind="stable")
    caught, looked = np.cumsum(labels[order]), np.arange(1, len(labels) + 1)
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(labels) - 1)
    return caught[ends] / looked[ends], caught[ends] / max(int(labels.sum()), 1)


def average_precision(labels: Bools, scores: Floats) -> float:
    """Return the average precision: the sum over thresholds of precision times the recall gained.

    Source: scikit-learn's definition of `average_precision_score`, without interpolation; a test compares the two.
    """
    if not labels.any():
        return 0.0
    precision, recall = precision_recall(labels, scores)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def calibration_error(labels: Bools, probabilities: Floats) -> float:
    """Return the expected calibration error: how far stated probabilities lie from observed rates, weighted by how many.

    Of bins of equal width and bins of equal size, the worse; where most is honest, the first alone looks at little else
    than the lowest bin.
    """
    edges = np.linspace(0, 1, _BINS + 1)[1:-1]
    by_width = np.digitize(probabilities, edges)
    _, which, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    middles = np.cumsum(counts) - counts + counts // 2  # equal probabilities fall into one bin
    by_size = middles[which] * _BINS // max(len(probabilities), 1)
    return max(_binned_error(labels, probabilities, by_width), _binned_error(labels, probabilities, by_size))


def _binned_error(labels: Bools, probabilities: Floats, bins: Ints) -> float:
    said, was = np.bincount(bins, probabilities, _BINS), np.bincount(bins, labels, _BINS)
    return float(np.abs(said - was).sum() / max(len(labels), 1))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Decisions with nearly the same stated probability."""

    stated: float
    observed: float
    decisions: int


def reliability(labels: Bools, probabilities: Floats) -> list[ReliabilityBin]:
    """Return stated against observed, in bins that are narrow where fraud is rare."""
    edges = np.array([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8])
    bins = np.digitize(probabilities, edges)
    return [
        ReliabilityBin(float(probabilities[inside].mean()), float(labels[inside].mean()), int(inside.sum()))
        for number in range(len(edges) + 1)
        if (inside := bins == number).any()
    ]


def precision_at(labels: Bools, scores: Floats, days: Ints, *, reviews: int) -> float:
    """Return the share of fraud among what a day's review capacity would look at, averaged over the days."""
    found = []
    for day in np.unique(days):
        own = days == day
        top = np.argsort(-scores[own], kind="stable")[:reviews]
        found.append(float(labels[own][top].mean()))
    return float(np.mean(found)) if found else 0.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a feature was spread when the model was trained: edges between bins, and the share of each."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    """One more than there are edges, then the share that was missing."""


def baseline_of(values: Floats, *, bins: int = 10) -> Baseline:
    """Return a feature's spread in bins of equal size, where its values let them be."""
    present = values[~np.isnan(values)]
    quantiles = np.quantile(present, np.linspace(0, 1, bins + 1)[1:-1]) if len(present) else np.zeros(0)
    edges = tuple(float(edge) for edge in np.unique(quantiles))
    return Baseline(edges, tuple(float(share) for share in _shares(values, edges)))


def population_stability(baseline: Baseline, values: Floats) -> float:
    """Return the population stability index of new values: 0 is no change; above 0.25 is commonly taken as drift.

    Source: Siddiqi, Credit Risk Scorecards, 2006: sum of (now - then) ln(now / then) over bins.
    """
    then = np.maximum(np.array(baseline.shares), _LEAST_SHARE)
    now = np.maximum(_shares(values, baseline.edges), _LEAST_SHARE)
    return float(np.sum((now - then) * np.log(now / then)))


def _shares(values: Floats, edges: Sequence[float]) -> Floats:
    missing = np.isnan(values)
    # A value that equals an edge falls below it, so a spread of few values keeps its largest apart.
    bins = np.searchsorted(np.array(edges), values[~missing], side="left")
    counts = np.append(np.bincount(bins, minlength=len(edges) + 1), missing.sum())
    shares: Floats = counts / max(len(values), 1)
    return shares
