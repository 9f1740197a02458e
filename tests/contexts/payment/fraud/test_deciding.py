"""The decision by expected cost, worked out by hand, and what holds of it whatever the numbers."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vibestream.contexts.payment.fraud.domain.deciding import Ruling, Situation, decide, draw_of, expected_costs
from vibestream.contexts.payment.fraud.domain.default_policy import DEFAULT_POLICY
from vibestream.contexts.payment.fraud.domain.facts import Verdict, strictest
from vibestream.contexts.payment.fraud.domain.policy import (
    PPM,
    Condition,
    Costs,
    Exploring,
    Policy,
    Reviewing,
    Rule,
    UnusablePolicy,
    fired,
)
from vibestream.kernel.money import Currency, Money

CENT = 10_000 * PPM
"""One reference cent in the units of `expected_costs`."""
QUIET = dataclasses.replace(DEFAULT_POLICY, exploring=Exploring(rate_bp=0))


def situation(**overrides: Any) -> Situation:
    return Situation(
        **{
            "kind": "payment",
            "cents": 10_000,
            "gateway": "stripe",
            "probability_ppm": 0,
            "ruled": Verdict.ALLOW,
            "reviews_today": 0,
            "draw": 9_999,
            **overrides,
        }
    )


def test_costs_by_hand():
    # 100 dollars, one in ten fraud: allowing costs 0.1 x (100 + 15) = 11.50; blocking 0.9 x (30 + 5) = 31.50.
    costs = expected_costs(QUIET, cents=10_000, probability_ppm=100_000)
    assert costs[Verdict.ALLOW] == 1_150 * CENT
    assert costs[Verdict.BLOCK] == 3_150 * CENT
    # Step-up: 0.15 + a tenth of the fraud (1.15) + 3 % of the honest (0.945) = 2.245.
    assert costs[Verdict.STEP_UP] * 10 == 2_245 * CENT
    # Review: 2.50 + a twentieth of the fraud (0.575) + 1 % (0.315) = 3.39.
    assert costs[Verdict.REVIEW] == 339 * CENT


@pytest.mark.parametrize(
    ("probability_ppm", "cents", "verdict"),
    [
        (0, 10_000, Verdict.ALLOW),
        (1_000, 10_000, Verdict.ALLOW),
        (100_000, 10_000, Verdict.STEP_UP),
        (900_000, 10_000, Verdict.BLOCK),
        (PPM, 99, Verdict.BLOCK),
        (50_000, 99, Verdict.STEP_UP),
    ],
)
def test_the_cheapest_is_taken(probability_ppm: int, cents: int, verdict: Verdict):
    assert decide(QUIET, situation(probability_ppm=probability_ppm, cents=cents)).verdict is verdict


def test_what_cannot_step_up_is_reviewed_or_allowed_instead():
    doubtful = {"probability_ppm": 100_000, "cents": 10_000}
    assert decide(QUIET, situation(**doubtful)).verdict is Verdict.STEP_UP
    assert decide(QUIET, situation(**doubtful, gateway=None)).verdict is Verdict.STEP_UP
    assert decide(QUIET, situation(**doubtful, gateway="coinbase")).verdict is Verdict.REVIEW
    assert decide(QUIET, situation(**doubtful, kind="payout", gateway=None)).verdict is Verdict.REVIEW
    assert decide(QUIET, situation(ruled=Verdict.STEP_UP, gateway="paypal")).verdict is Verdict.REVIEW


def test_when_reviewers_have_enough_the_model_sends_no_more_and_rules_still_do():
    full = {"reviews_today": QUIET.reviewing.per_day, "gateway": "coinbase", "cents": 10_000}
    assert decide(QUIET, situation(**full, probability_ppm=100_000)).verdict is Verdict.ALLOW
    assert decide(QUIET, situation(**full, probability_ppm=500_000)).verdict is Verdict.BLOCK
    assert decide(QUIET, situation(**full, ruled=Verdict.REVIEW)).verdict is Verdict.REVIEW


def test_a_rule_makes_it_stricter_and_never_milder():
    assert decide(QUIET, situation(probability_ppm=PPM, ruled=Verdict.REVIEW)).verdict is Verdict.BLOCK
    assert decide(QUIET, situation(probability_ppm=0, ruled=Verdict.BLOCK)).verdict is Verdict.BLOCK


@pytest.mark.parametrize(
    ("cents", "draw", "ruled", "ruling"),
    [
        (2_000, 149, Verdict.ALLOW, Ruling(verdict=Verdict.ALLOW, proposed=Verdict.BLOCK, propensity_ppm=15_000)),
        (2_000, 150, Verdict.ALLOW, Ruling(verdict=Verdict.BLOCK, proposed=Verdict.BLOCK, propensity_ppm=985_000)),
        (2_001, 0, Verdict.ALLOW, Ruling(verdict=Verdict.BLOCK, proposed=Verdict.BLOCK, propensity_ppm=PPM)),
        (2_000, 0, Verdict.BLOCK, Ruling(verdict=Verdict.BLOCK, proposed=Verdict.BLOCK, propensity_ppm=PPM)),
        (2_000, 0, Verdict.REVIEW, Ruling(verdict=Verdict.BLOCK, proposed=Verdict.BLOCK, propensity_ppm=PPM)),
    ],
)
def test_some_small_ones_that_only_the_model_would_block_are_let_through(cents, draw, ruled, ruling):
    assert decide(DEFAULT_POLICY, situation(cents=cents, draw=draw, ruled=ruled, probability_ppm=PPM)) == ruling


def test_draws_are_spread_and_stay_the_same():
    draws = [draw_of(f"payment-{number}") for number in range(20_000)]
    assert draws == [draw_of(f"payment-{number}") for number in range(20_000)]
    assert (min(draws) < 20, max(draws) > 9_980) == (True, True)
    assert 230 < sum(draw < 150 for draw in draws) < 370  # 1.5 % of 20,000 is 300


amounts = st.integers(1, 10**12)
probabilities = st.integers(0, PPM)


@given(amounts, st.lists(probabilities, min_size=2, max_size=20))
@example(cents=37_911, probability=[10_361, 10_385])
def test_a_higher_probability_never_gets_a_milder_verdict(cents: int, probability: list[int]):
    verdicts = [
        decide(QUIET, situation(cents=cents, probability_ppm=one)).verdict.severity for one in sorted(probability)
    ]
    assert verdicts == sorted(verdicts)


@given(amounts, probabilities, st.sampled_from(list(Verdict)), st.sampled_from(["stripe", "coinbase", None]))
def test_nothing_cheaper_was_left_lying(cents: int, probability: int, ruled: Verdict, gateway: str | None):
    ruling = decide(QUIET, situation(cents=cents, probability_ppm=probability, ruled=ruled, gateway=gateway))
    costs = expected_costs(QUIET, cents=cents, probability_ppm=probability)
    assert min(costs.values()) >= 0
    assert ruling.verdict.severity >= ruled.severity
    if ruled is Verdict.ALLOW:
        possible = [verdict for verdict in costs if verdict is not Verdict.STEP_UP or gateway != "coinbase"]
        assert costs[ruling.verdict] == min(costs[verdict] for verdict in possible)


def test_verdicts_are_ordered_by_how_strict_they_are():
    assert strictest() is Verdict.ALLOW
    assert strictest(Verdict.REVIEW, Verdict.STEP_UP) is Verdict.REVIEW
    assert [verdict.severity for verdict in Verdict] == [0, 1, 2, 3]


RULE = Rule(code="a", kind="payment", when=(Condition(feature="x", at_least=3, below=5),), verdict=Verdict.BLOCK)
OTHER = Rule(code="b", kind="payment", when=(Condition(feature="x", at_least=0),), verdict=Verdict.REVIEW)


@pytest.mark.parametrize(("value", "codes"), [(2.9, ["b"]), (3, ["a", "b"]), (5, ["b"]), (-1, []), (float("nan"), [])])
def test_rules_speak_within_their_bounds_the_strictest_first_and_never_of_what_is_missing(value, codes):
    policy = dataclasses.replace(DEFAULT_POLICY, rules=(OTHER, RULE))
    assert [rule.code for rule in fired(policy, kind="payment", features={"x": value})] == codes
    assert fired(policy, kind="payout", features={"x": value}) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"costs": Costs(lost_bp=10_001)},
        {"costs": Costs(review_cents=-1)},
        {"reviewing": Reviewing(per_day=-1)},
        {"exploring": Exploring(rate_bp=10_001)},
        {"rules": (RULE, RULE)},
        {"rules": (dataclasses.replace(RULE, when=()),)},
        {"rules": (dataclasses.replace(RULE, verdict=Verdict.ALLOW),)},
        {"rules": (dataclasses.replace(RULE, when=(Condition(feature="x"),)),)},
        {"yardstick": {"USD": 1_000_000}},
        {"yardstick": {**DEFAULT_POLICY.yardstick, "EUR": 0}},
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(changes: dict[str, Any]):
    with pytest.raises(UnusablePolicy):
        dataclasses.replace(DEFAULT_POLICY, **changes)


@pytest.mark.parametrize(
    ("minor", "currency", "cents"),
    [
        (1_000, "USD", 1_000),
        (1_000, "JPY", 660),
        (1_000, "KWD", 330),
        (1, "USDC", 1),
        (10_000, "VIBE", 1),
        (2**63 - 1, "GBP", 10**12),
    ],
)
def test_amounts_are_compared_by_the_yardstick(minor: int, currency: str, cents: int):
    assert DEFAULT_POLICY.cents(Money(minor, Currency.of(currency))) == cents


def test_a_policy_is_whole():
    assert isinstance(DEFAULT_POLICY, Policy)
    assert set(DEFAULT_POLICY.yardstick) == {currency.code for currency in Currency.all()}
