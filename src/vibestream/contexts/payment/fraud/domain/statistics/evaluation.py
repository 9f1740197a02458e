"""What a model is worth on decisions whose outcome is known: ranking, honesty of its probabilities, and cost."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vibestream.contexts.payment.fraud.domain.deciding import Situation, decide, expected_costs
from vibestream.contexts.payment.fraud.domain.facts import Verdict, strictest
from vibestream.contexts.payment.fraud.domain.policy import PPM, Policy, Rule
from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURES
from vibestream.contexts.payment.fraud.domain.statistics.measures import (
    ReliabilityBin,
    average_precision,
    calibration_error,
    precision_at,
    precision_recall,
    reliability,
)
from vibestream.contexts.payment.fraud.domain.statistics.serving import in_ppm
from vibestream.contexts.payment.fraud.domain.statistics.tables import Bools, Floats, Ints
from vibestream.kernel.money import BASIS_POINTS

_DAY_MS: Final = 86_400_000
_POINTS: Final = 200
_THRESHOLDS: Final = 60
_NO_DRAW: Final = BASIS_POINTS - 1
"""Nothing is let through to learn while it is measured what deciding costs."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Decisions that a model has not seen, in order of time."""

    vectors: Floats
    fraud: Bools
    at: Ints
    """Milliseconds since 1970."""
    cents: Ints
    payout: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What a way to decide did."""

    cost_cents: int
    """In reference cents, losses and frictions together."""
    verdicts: Mapping[str, int]
    caught: int
    """Frauds that were blocked, sent to review or stepped up."""
    bothered: int
    """Honest ones that were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything that the report shows."""

    decisions: int
    frauds: int
    average_precision: float
    calibration_error: float
    brier: float
    precision_at_capacity: float
    """Of the policy's review capacity a day, the share that is fraud when the highest scores are looked at."""
    precision: Sequence[float]
    recall: Sequence[float]
    reliability: Sequence[ReliabilityBin]
    thresholds: Sequence[float]
    threshold_costs: Sequence[int]
    """Reference cents, when whatever scores at least the threshold is blocked and the rest allowed."""
    ways: Mapping[str, Deciding]
    """`allow everything`, `rules alone`, `model and rules`."""

    def figures(self) -> dict[str, float | int]:
        """Return the figures that the registry keeps."""
        return {
            "decisions": self.decisions,
            "frauds": self.frauds,
            "average_precision": round(self.average_precision, 4),
            "calibration_error": round(self.calibration_error, 5),
            "brier": round(self.brier, 6),
            "precision_at_capacity": round(self.precision_at_capacity, 4),
            "cost_cents": self.ways["model and rules"].cost_cents,
            "cost_cents_rules_alone": self.ways["rules alone"].cost_cents,
            "cost_cents_allowing_all": self.ways["allow everything"].cost_cents,
        }


def evaluate(scores: Floats, held_out: HeldOut, *, policy: Policy) -> Evaluation:
    """Return what scores (probabilities) are worth on decisions whose outcome is known."""
    fraud = held_out.fraud
    precision, recall = precision_recall(fraud, scores)
    shown = np.unique(np.linspace(0, len(precision) - 1, _POINTS).astype(np.int64))
    thresholds, costs = _threshold_costs(scores, held_out, policy)
    capacity = policy.reviewing.per_day
    rules = _ruled(policy, held_out)
    return Evaluation(
        decisions=len(fraud),
        frauds=int(fraud.sum()),
        average_precision=average_precision(fraud, scores),
        calibration_error=calibration_error(fraud, scores),
        brier=float(np.mean((scores - fraud) ** 2)),
        precision_at_capacity=precision_at(fraud, scores, held_out.at // _DAY_MS, reviews=capacity),
        precision=precision[shown].tolist(),
        recall=recall[shown].tolist(),
        reliability=reliability(fraud, scores),
        thresholds=thresholds,
        threshold_costs=costs,
        ways={
            "allow everything": _reckon([Verdict.ALLOW] * len(fraud), held_out, policy),
            "rules alone": _reckon(_verdicts(None, rules, held_out, policy), held_out, policy),
            "model and rules": _reckon(_verdicts(scores, rules, held_out, policy), held_out, policy),
        },
    )


def rules_speaking(rule: Rule, vectors: Floats) -> Bools:
    """Return for which vectors a rule's conditions all hold."""
    speaking = np.ones(len(vectors), np.bool_)
    for condition in rule.when:
        column = vectors[:, FEATURES.index(condition.feature)]
        speaking &= ~np.isnan(column)
        if condition.at_least is not None:
            speaking &= column >= condition.at_least
        if condition.below is not None:
            speaking &= column < condition.below
    return speaking


def _ruled(policy: Policy, held_out: HeldOut) -> list[Verdict]:
    ruled = [Verdict.ALLOW] * len(held_out.fraud)
    for rule in policy.rules:
        kind = held_out.payout == (rule.kind == "payout")
        for row in np.flatnonzero(rules_speaking(rule, held_out.vectors) & kind):
            ruled[row] = strictest(ruled[row], rule.verdict)
    return ruled


def _verdicts(scores: Floats | None, ruled: list[Verdict], held_out: HeldOut, policy: Policy) -> list[Verdict]:
    """Decide each as the product would, in order of time and within the capacity for reviews."""
    verdicts = []
    reviewed: deque[int] = deque()
    for row, rules in enumerate(ruled):
        now = int(held_out.at[row])
        while reviewed and reviewed[0] <= now - _DAY_MS:
            reviewed.popleft()
        situation = Situation(
            kind="payout" if held_out.payout[row] else "payment",
            cents=int(held_out.cents[row]),
            gateway=None,
            probability_ppm=None if scores is None else in_ppm(float(scores[row])),
            ruled=rules,
            reviews_today=len(reviewed),
            draw=_NO_DRAW,
        )
        verdict = decide(policy, situation).proposed
        if verdict is Verdict.REVIEW:
            reviewed.append(now)
        verdicts.append(verdict)
    return verdicts


def _reckon(verdicts: list[Verdict], held_out: HeldOut, policy: Policy) -> Deciding:
    total, caught, bothered = 0, 0, 0
    counts = dict.fromkeys((verdict.value for verdict in Verdict), 0)
    for verdict, fraud, cents in zip(verdicts, held_out.fraud.tolist(), held_out.cents.tolist(), strict=True):
        total += expected_costs(policy, cents=cents, probability_ppm=PPM if fraud else 0)[verdict]
        counts[verdict.value] += 1
        caught += fraud and verdict is not Verdict.ALLOW
        bothered += not fraud and verdict is not Verdict.ALLOW
    return Deciding(cost_cents=total // (PPM * BASIS_POINTS), verdicts=counts, caught=caught, bothered=bothered)


def _threshold_costs(scores: Floats, held_out: HeldOut, policy: Policy) -> tuple[list[float], list[int]]:
    costs = policy.costs
    cents = held_out.cents.astype(np.float64)
    through = np.where(held_out.fraud, cents * costs.lost_bp / BASIS_POINTS + costs.dispute_cents, 0.0)
    away = np.where(held_out.fraud, 0.0, cents * costs.margin_bp / BASIS_POINTS + costs.goodwill_cents)
    thresholds = np.logspace(-4, 0, _THRESHOLDS)
    found = [int(np.where(scores >= one, away, through).sum()) for one in thresholds]
    return thresholds.tolist(), found
