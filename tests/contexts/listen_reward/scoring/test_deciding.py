"""Decisions: rules, model, standing; the stricter holds, and the model never rejects."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.listen_reward.scoring.domain.deciding import Decided, Standing, decide
from vibestream.contexts.listen_reward.scoring.domain.policy import (
    DEFAULT_POLICY,
    Condition,
    Rule,
    UnusableScoringPolicy,
    Verdict,
)
from vibestream.contexts.listen_reward.scoring.domain.quality import quality_of
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import FEATURES

POLICY = replace(DEFAULT_POLICY, hold_from_ppm=500_000, evidence_from=8, crowd_from=12)


def features(**known: float) -> dict[str, float]:
    found = dict.fromkeys(FEATURES, 0.0)
    return {**found, **{name.replace("__", "."): value for name, value in known.items()}}


def decided(standing: Standing = Standing.CLEAR, risk: int | None = 0, **known: float) -> Decided:
    return decide(features(**known), standing=standing, policy=POLICY, risk_ppm=risk, said=lambda: ["own.quick"])


def test_a_first_listen_of_somebody_unknown_is_accepted_whatever_the_model_would_say():
    found = decided(risk=1_000_000)

    assert (found.verdict, found.risk_ppm, found.reasons) == (Verdict.ACCEPT, None, ())


def test_the_model_holds_from_its_threshold_on_and_says_why():
    assert decided(risk=499_999, own__count=8).verdict is Verdict.ACCEPT
    held = decided(risk=500_000, own__count=8)
    assert (held.verdict, held.risk_ppm, held.reasons) == (Verdict.HOLD, 500_000, ("feature.own.quick",))


def test_a_crowd_behind_one_address_is_evidence_as_well():
    assert decided(risk=900_000, network__accounts=11).verdict is Verdict.ACCEPT
    assert decided(risk=900_000, network__accounts=12).verdict is Verdict.HOLD


@given(risk=st.integers(0, 1_000_000), known=st.dictionaries(st.sampled_from(FEATURES[11:]), st.floats(-1, 2_000)))
def test_the_model_alone_never_rejects(risk: int, known: dict[str, float]):
    found = decide({**features(), **known}, standing=Standing.CLEAR, policy=POLICY, risk_ppm=risk)

    assert found.verdict is not Verdict.REJECT


@given(risk=st.integers(0, 1_000_000), known=st.dictionaries(st.sampled_from(FEATURES), st.floats(-1, 2_000)))
def test_more_risk_and_an_open_case_never_make_it_milder(risk: int, known: dict[str, float]):
    found = {**features(), **known}
    mild = decide(found, standing=Standing.CLEAR, policy=POLICY, risk_ppm=risk)
    for stricter in (
        decide(found, standing=Standing.CLEAR, policy=POLICY, risk_ppm=1_000_000),
        decide(found, standing=Standing.WAITING, policy=POLICY, risk_ppm=risk),
    ):
        assert stricter.verdict.severity >= mild.verdict.severity
        assert stricter.quality == mild.quality


def test_a_recording_from_five_accounts_is_held_and_from_twenty_rejected():
    assert decided(replay__accounts=4).verdict is Verdict.ACCEPT
    assert decided(replay__accounts=5).verdict is Verdict.HOLD
    found = decided(replay__accounts=20)
    assert (found.verdict, found.reasons) == (Verdict.REJECT, ("rule.replayed", "rule.replayed_by_some"))


@pytest.mark.parametrize("standing", [Standing.WAITING, Standing.CONFIRMED])
def test_while_a_person_has_not_spoken_or_has_spoken_against_it_everything_waits(standing: Standing):
    found = decided(standing)

    assert (found.verdict, found.reasons) == (Verdict.HOLD, (f"standing.{standing.value}",))


def test_without_a_model_rules_decide_alone():
    assert decided(risk=None, own__count=50).verdict is Verdict.ACCEPT
    assert decided(risk=None, own__1h=55).reasons == ("rule.rate",)


def test_quality_is_a_card_that_can_be_added_up():
    found = quality_of(
        features(muted_pm=250, hidden_pm=1000, seeks=2, own__count=10, own__quick=500, own__top_track=700)
    )

    # 400/4 muted, 100 hidden, 2 x 40 seeks, 300/2 coverage, (700 - 200)/1000 of 200 repeated.
    assert {one.code: one.points for one in found.deductions} == {
        "quality.muted": 100,
        "quality.hidden": 100,
        "quality.seeks": 80,
        "quality.coverage": 150,
        "quality.repeated": 100,
    }
    assert found.points == 470
    assert [one.points for one in found.deductions] == [150, 100, 100, 100, 80]


@given(st.dictionaries(st.sampled_from(FEATURES), st.floats(-1, 1e9)))
def test_quality_stays_between_nothing_and_all(known: dict[str, float]):
    assert 0 <= quality_of({**features(), **known}).points <= 1000


@pytest.mark.parametrize(
    "rule",
    [
        Rule(code="x", when=(), verdict=Verdict.HOLD),
        Rule(code="x", when=(Condition(feature="own.count", at_least=1),), verdict=Verdict.ACCEPT),
        Rule(code="x", when=(Condition(feature="own.count"),), verdict=Verdict.HOLD),
        Rule(code="x", when=(Condition(feature="own.nonsense", below=1),), verdict=Verdict.HOLD),
        DEFAULT_POLICY.rules[0],
    ],
    ids=["no condition", "accepts", "no bound", "unknown feature", "twice"],
)
def test_a_policy_that_contradicts_itself_is_refused(rule: Rule):
    with pytest.raises(UnusableScoringPolicy):
        replace(DEFAULT_POLICY, rules=(*DEFAULT_POLICY.rules, rule))
