"""The fraud model on the Handbook's own world, against the Handbook's random forest, trained and tested in the same run.

The Fraud Detection Handbook's split: a week to train on, a week of delay, a week to be tested on, in which cards that are
known to be stolen by then are left out. The forest gets the Handbook's fifteen features, computed here by their description
and not by the product; ours gets the product's vectors. Three worlds; the figures are means. Published for the forest on
the Handbook's own draw of its world: 0.658.

Source: Fraud Detection Handbook, chapter 3, "Baseline feature transformation" and "Baseline fraud detection system".
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.ensemble import RandomForestClassifier  # type: ignore[import-untyped]

from vibestream.contexts.payment.fraud.domain.statistics.features import vectors_of
from vibestream.contexts.payment.fraud.domain.statistics.measures import (
    average_precision,
    calibration_error,
    precision_at,
)
from vibestream.contexts.payment.fraud.domain.statistics.model import Examples, Model, load, train
from vibestream.contexts.payment.fraud.domain.statistics.simulator.handbook import Payments, Scale, simulate
from vibestream.contexts.payment.fraud.domain.statistics.simulator.worlds import plain
from vibestream.contexts.payment.fraud.domain.statistics.tables import Bools, Floats, Ints

SEEDS: Final = (11, 12, 13)
WARM_UP: Final = 65
"""Days before the split: 28 days of a terminal's fraud lie inside 30 days of history and 7 of delay."""
WEEK: Final = 7
REVIEWS: Final = 100
ROWS: Final = 500
ECE_REACH: Final = 0.02
MS_REACH: Final = 2.0
_DAY_S: Final = 86_400
_SATURDAY, _SUNDAY = 5, 6
"""Monday is 0; the Handbook's world begins on a Sunday."""
_NIGHT_ENDS_H: Final = 6


@dataclass(frozen=True)
class Outcome:
    ours: float
    forest: float
    ece: float
    precision_ours: float
    precision_forest: float
    model: Model
    vectors: Floats


def run() -> list[dict[str, Any]]:
    """Train and test both on each world and return the records."""
    outcomes = [_world(seed) for seed in SEEDS]
    ours = statistics.mean(one.ours for one in outcomes)
    forest = statistics.mean(one.forest for one in outcomes)
    ece = max(one.ece for one in outcomes)
    score_ms = _score_ms(outcomes[-1])
    return [
        {
            "name": "fraud_average_precision",
            "ours": ours,
            "reference": forest,
            "ratio": ours / forest,
            "reach": 1.0,
            "each": [[round(one.ours, 4), round(one.forest, 4)] for one in outcomes],
            "precision_at_100": [[round(one.precision_ours, 4), round(one.precision_forest, 4)] for one in outcomes],
        },
        {"name": "fraud_ece", "ours": ece, "reference": ECE_REACH, "ratio": ece / ECE_REACH, "reach": "<= 1"},
        {
            "name": "fraud_score_ms",
            "ours": score_ms,
            "reference": MS_REACH,
            "ratio": score_ms / MS_REACH,
            "reach": "< 1",
        },
    ]


def _world(seed: int) -> Outcome:
    payments = simulate(Scale(days=WARM_UP + 3 * WEEK), seed=seed)
    first, last = _split(payments)
    chosen = first | last
    labels = payments.fraud
    world = plain(payments)
    vectors = vectors_of(world.table, chosen)
    at = world.table.events.at
    mine, rest = first[chosen], ~first[chosen]
    examples = Examples(vectors[mine], labels[first], at[first], np.ones(int(first.sum())))
    model = load(train(examples, seed=seed, about={}))
    tested = labels[last]
    scores = model.scores(vectors[rest])
    theirs = _forest(payments, first, last)
    days = payments.day[last]
    return Outcome(
        average_precision(tested, scores),
        average_precision(tested, theirs),
        calibration_error(tested, scores),
        precision_at(tested, scores, days, reviews=REVIEWS),
        precision_at(tested, theirs, days, reviews=REVIEWS),
        model,
        vectors[rest],
    )


def _split(payments: Payments) -> tuple[Bools, Bools]:
    """Return the training week and the test week, without customers whose cards are known to be stolen by each test day."""
    day, fraud, customer = payments.day, payments.fraud, payments.customer
    first = (day >= WARM_UP) & (day < WARM_UP + WEEK)
    known = set(customer[first & fraud].tolist())
    last = np.zeros(len(day), np.bool_)
    for number in range(WEEK):
        known |= set(customer[(day == WARM_UP + WEEK + number - 1) & fraud].tolist())
        today = day == WARM_UP + 2 * WEEK + number
        last |= today & ~np.isin(customer, list(known))
    return first, last


def _forest(payments: Payments, first: Bools, last: Bools) -> Floats:
    features = _handbook_features(payments)
    forest = RandomForestClassifier(random_state=0, n_jobs=1)
    forest.fit(features[first], payments.fraud[first])
    scores: Floats = forest.predict_proba(features[last])[:, 1]
    return scores


def _handbook_features(payments: Payments) -> Floats:
    """Amount, weekend, night; per customer how many and how much on average in 1, 7, 30 days; per terminal how many and
    how often fraud in windows as long that ended a week ago."""
    second = payments.second
    amount = (payments.cents / 100).astype(np.float64)
    weekend = (payments.day + _SUNDAY) % 7 >= _SATURDAY
    night = second % _DAY_S // 3600 <= _NIGHT_ENDS_H
    columns = [amount, weekend.astype(np.float64), night.astype(np.float64)]
    for days in (1, 7, 30):
        count, total = _rolling(payments.customer, second, amount, newest=0, oldest=days)
        columns += [count, total / np.maximum(count, 1)]
    for days in (1, 7, 30):
        count, frauds = _rolling(
            payments.terminal, second, payments.fraud.astype(np.float64), newest=7, oldest=7 + days
        )
        columns += [count, frauds / np.maximum(count, 1)]
    return np.column_stack(columns)


def _rolling(entity: Ints, second: Ints, value: Floats, *, newest: int, oldest: int) -> tuple[Floats, Floats]:
    """Return how many payments an entity had from `oldest` to `newest` days ago, the payment itself included at 0, and the
    sum of a value over them."""
    order = np.lexsort((second, entity))
    sums = np.concatenate([[0.0], np.cumsum(value[order])])
    count, total = np.zeros(len(order)), np.zeros(len(order))
    edges = np.flatnonzero(np.diff(entity[order], prepend=-1))
    for start, end in zip(edges, np.append(edges[1:], len(order)), strict=True):
        own = order[start:end]
        at = second[own]
        low = start + np.searchsorted(at, at - oldest * _DAY_S, side="right")
        high = start + np.searchsorted(at, at - newest * _DAY_S, side="right")
        count[own], total[own] = high - low, sums[high] - sums[low]
    return count, total


def _score_ms(outcome: Outcome) -> float:
    """Return the median time of a probability for one row, in milliseconds, on one thread."""
    times = []
    for number in range(ROWS):
        row = outcome.vectors[number : number + 1]
        began = time.perf_counter()
        outcome.model.scores(row)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000
