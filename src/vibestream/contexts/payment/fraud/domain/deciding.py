"""The decision: rules first, then what is cheapest in expectation. Whole numbers only, so it can be worked out by hand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.payment.fraud.domain.facts import Kind, Verdict, strictest
from vibestream.contexts.payment.fraud.domain.policy import PPM, Policy
from vibestream.kernel.money import BASIS_POINTS

_PPM_PER_BP: Final = PPM // BASIS_POINTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a decision is made from."""

    kind: Kind
    cents: int
    gateway: str | None
    """None while it is not chosen: then one that can step up can still be."""
    probability_ppm: int | None
    """Of fraud, in millionths; None when there was no model to ask."""
    ruled: Verdict
    """What the rules and lists call for."""
    reviews_today: int
    """How many were sent to review in the last 24 hours."""
    draw: int
    """0 to 9,999, as good as random: `draw_of`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What was decided, and what would have been without letting some through to learn."""

    verdict: Verdict
    proposed: Verdict
    propensity_ppm: int
    """How likely `verdict` was, given `proposed`."""


def decide(policy: Policy, situation: Situation) -> Ruling:
    """Return the ruling: at least as strict as the rules, otherwise the cheapest in expectation.

    A step-up that the gateway cannot do becomes a review.
    """
    reckoned = _reckoned(policy, situation)
    proposed = strictest(situation.ruled, reckoned)
    if proposed is Verdict.STEP_UP and not _can_step_up(policy, situation):
        proposed = Verdict.REVIEW
    only_model = reckoned is Verdict.BLOCK and situation.ruled is Verdict.ALLOW
    if not only_model or situation.cents > policy.exploring.up_to_cents or policy.exploring.rate_bp == 0:
        return Ruling(verdict=proposed, proposed=proposed, propensity_ppm=PPM)
    rate = policy.exploring.rate_bp * _PPM_PER_BP
    if situation.draw < policy.exploring.rate_bp:
        return Ruling(verdict=Verdict.ALLOW, proposed=proposed, propensity_ppm=rate)
    return Ruling(verdict=proposed, proposed=proposed, propensity_ppm=max(PPM - rate, 1))


def expected_costs(policy: Policy, *, cents: int, probability_ppm: int) -> dict[Verdict, int]:
    """Return what each verdict costs in expectation, in millionths of a ten-thousandth of a reference cent.

    With p the probability of fraud and a the amount: allowing costs p times the loss; the others cost what they cost, lose
    some of the honest, and let some of the fraud through; blocking costs (1 - p) times what an honest one is worth.
    """
    costs, honest_ppm = policy.costs, PPM - probability_ppm
    fraud = probability_ppm * (cents * costs.lost_bp + costs.dispute_cents * BASIS_POINTS)
    honest = honest_ppm * (cents * costs.margin_bp + costs.goodwill_cents * BASIS_POINTS)

    def between(price: int, lost_bp: int, leak_bp: int) -> int:
        return price * BASIS_POINTS * PPM + (fraud * leak_bp + honest * lost_bp) // BASIS_POINTS

    return {
        Verdict.ALLOW: fraud,
        Verdict.STEP_UP: between(costs.step_up_cents, costs.step_up_lost_bp, costs.step_up_leak_bp),
        Verdict.REVIEW: between(costs.review_cents, costs.review_lost_bp, costs.review_leak_bp),
        Verdict.BLOCK: honest,
    }


def draw_of(subject: str) -> int:
    """Return a number from 0 to 9,999 that is the same whenever one subject is asked about, so asking again wins nothing.

    A subject is an id of our own making with 74 random bits, so nobody can choose a lucky one.
    """
    return (
        int.from_bytes(hashlib.blake2b(subject.encode(), digest_size=8, person=b"fraud.draw").digest()) % BASIS_POINTS
    )


def _reckoned(policy: Policy, situation: Situation) -> Verdict:
    if situation.probability_ppm is None:
        closed = situation.cents >= policy.without_model.closed_from_cents
        return policy.without_model.verdict if closed else Verdict.ALLOW
    costs = expected_costs(policy, cents=situation.cents, probability_ppm=situation.probability_ppm)
    if not _can_step_up(policy, situation):
        del costs[Verdict.STEP_UP]
    if situation.reviews_today >= policy.reviewing.per_day:
        del costs[Verdict.REVIEW]
    return min(costs, key=lambda verdict: (costs[verdict], verdict.severity))


def _can_step_up(policy: Policy, situation: Situation) -> bool:
    able = situation.gateway is None or situation.gateway in policy.step_up_gateways
    return able and situation.kind == "payment"
