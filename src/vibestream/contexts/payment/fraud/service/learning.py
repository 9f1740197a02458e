"""Training and measuring models, and how far the world has drifted from what they learned.

Heavy and synchronous where it computes: for a command or a thread, never for a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from vibestream.contexts.payment.fraud.domain.policy import Policy
from vibestream.contexts.payment.fraud.domain.statistics import model as models
from vibestream.contexts.payment.fraud.domain.statistics.evaluation import Evaluation, HeldOut, evaluate
from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURE_SET, FEATURES, vectors_of
from vibestream.contexts.payment.fraud.domain.statistics.measures import population_stability
from vibestream.contexts.payment.fraud.domain.statistics.model import SCORE, Examples, Model, load
from vibestream.contexts.payment.fraud.domain.statistics.report import files
from vibestream.contexts.payment.fraud.domain.statistics.serving import as_probability
from vibestream.contexts.payment.fraud.domain.statistics.simulator import worlds
from vibestream.contexts.payment.fraud.domain.statistics.simulator.handbook import Scale
from vibestream.contexts.payment.fraud.store import decisions
from vibestream.contexts.payment.fraud.store import models as store
from vibestream.contexts.payment.fraud.store.models import Drift, RegisteredModel
from vibestream.platform.database import Tx

__all__ = [
    "Drift",
    "Evaluation",
    "HeldOut",
    "Lesson",
    "RegisteredModel",
    "Scale",
    "evaluation_of",
    "fit",
    "load",
    "measure_drift",
    "own_lesson",
    "report_files",
    "simulated_lesson",
]

TEST_DAYS: Final = 7
DELAY_DAYS: Final = 7
MATURE_DAYS: Final = 60
"""Disputes arrive for months; after so long most have."""
_WINDOW_DAYS: Final = 180
_MOST_EXAMPLES: Final = 200_000
_DRIFT_DAYS: Final = 7
_DRIFT_DECISIONS: Final = 5_000
_FEWEST_DECISIONS: Final = 200
"""Of fewer decisions, spread is noise."""
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Lesson:
    """What to learn from, and what to be measured by: later, with a gap as long as labels need, and never learned from."""

    trained_on: str
    """In words, for the registry."""
    examples: Examples
    held_out: HeldOut


def simulated_lesson(scale: Scale = worlds.DEFAULT, *, seed: int) -> Lesson:
    """Return a simulated world, split by time: train, a week of delay, a week to be measured by."""
    world = worlds.simulated(scale, seed=seed)
    day, events = world.day, world.table.events
    last = scale.days
    learned = (day >= worlds.WARM_UP_DAYS) & (day < last - TEST_DAYS - DELAY_DAYS)
    tested = (day >= last - TEST_DAYS) & (day < last)
    vectors = vectors_of(world.table, learned | tested)
    first = learned[learned | tested]
    fraud, at = (world.scenario > 0)[learned | tested], events.at[learned | tested]
    examples = Examples(vectors[first], fraud[first], at[first], np.ones(int(first.sum())))
    chosen = learned | tested
    held_out = HeldOut(
        vectors[~first], fraud[~first], at[~first], events.cents[chosen][~first], events.payout[chosen][~first]
    )
    words = f"simulated: {scale.customers:,} people, {scale.terminals:,} payees, {scale.days} days, seed {seed}"
    return Lesson(words, examples, held_out)


async def own_lesson(tx: Tx, *, now: datetime) -> Lesson:
    """Return the deployment's own decisions of half a year whose outcomes are ripe, split by time.

    The vectors are those that were kept with the decisions, so nothing of the future is in them. What was let through at
    random counts for those that it stands for. With little history there is little in it, which `fit` refuses.
    """
    until = now - timedelta(days=MATURE_DAYS)
    since = until - timedelta(days=_WINDOW_DAYS)
    found = await decisions.list_examples(tx, features=FEATURE_SET, since=since, until=until, limit=_MOST_EXAMPLES)
    at = np.array([int(one.decided_at.timestamp() * 1000) for one in found], np.int64)
    end = int(until.timestamp() * 1000)
    first = at < end - (TEST_DAYS + DELAY_DAYS) * _DAY_MS
    last = at >= end - TEST_DAYS * _DAY_MS
    vectors = np.array([one.vector for one in found], np.float64).reshape(-1, len(FEATURES))
    fraud = np.array([one.fraud for one in found], np.bool_)
    weight = np.array([1_000_000 // one.propensity_ppm for one in found], np.float64)
    cents = np.array([one.cents for one in found], np.int64)
    payout = vectors[:, FEATURES.index("purpose.payout")] == 1
    return Lesson(
        f"own decisions from {since:%Y-%m-%d} to {until:%Y-%m-%d}, {len(found):,} of them",
        Examples(vectors[first], fraud[first], at[first], weight[first]),
        HeldOut(vectors[last], fraud[last], at[last], cents[last], payout[last]),
    )


def fit(lesson: Lesson, *, seed: int) -> bytes:
    """Return the file of a model trained on a lesson. The same lesson and seed give the same file.

    Raises:
        TooFewFrauds: there is too little to learn from.
        ModelLibraryMissing: LightGBM cannot be loaded on this machine.
    """
    return models.train(lesson.examples, seed=seed, about={"trained_on": lesson.trained_on, "seed": seed})


def evaluation_of(model: Model, *, held_out: HeldOut, policy: Policy) -> Evaluation:
    """Return what a model is worth on decisions that it has not seen, under a policy."""
    return evaluate(model.scores(held_out.vectors), held_out, policy=policy)


def report_files(
    evaluation: Evaluation, *, model: RegisteredModel, measured_on: str, now: datetime
) -> dict[str, bytes]:
    """Return a report's files by name: a page with curves, calibration and costs, and its numbers as JSON and CSV."""
    about = {
        "model": model.model,
        "role": model.role.value,
        "trained on": model.trained_on,
        "trained at": f"{model.trained_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "measured on": measured_on,
        "measured at": f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "note": "Costs are reckoned by the policy in force, in reference dollars. Simulated data shows that the machinery "
        "works, not what it will catch.",
    }
    return files(evaluation, title=f"Fraud model {model.model[:12]}", about=about)


async def measure_drift(tx: Tx, *, model: Model, now: datetime) -> list[Drift]:
    """Measure, keep and return how far each feature and the score of the last week lie from what a model was trained on.

    Nothing is measured of fewer than 200 decisions.
    """
    since = now - timedelta(days=_DRIFT_DAYS)
    found = await decisions.list_vectors(
        tx, features=FEATURE_SET, model=model.sha256, since=since, limit=_DRIFT_DECISIONS
    )
    if len(found) < _FEWEST_DECISIONS:
        return []
    vectors = np.array([vector for vector, _ in found], np.float64)
    columns = {name: vectors[:, number] for number, name in enumerate(FEATURES)}
    scored = [as_probability(score) for _, score in found if score is not None]
    if len(scored) >= _FEWEST_DECISIONS:
        columns[SCORE] = np.array(scored)
    drifts = [
        Drift(
            measured_on=now.date(),
            model=model.sha256,
            feature=name,
            psi_ppm=_psi_ppm(population_stability(model.baselines[name], column)),
            decisions=len(column),
        )
        for name, column in columns.items()
    ]
    await store.save_drift(tx, drifts)
    return sorted(drifts, key=lambda one: -one.psi_ppm)


def _psi_ppm(index: float) -> int:
    return max(int(index * 1_000_000), 0)
