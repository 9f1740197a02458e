"""The evaluation that this release brings is of the model and policy that it decides with, and says what it measured on."""

from __future__ import annotations

from vibestream.contexts.listen_reward.scoring.domain.policy import DEFAULT_POLICY
from vibestream.contexts.listen_reward.scoring.service.evaluations import last_evaluation, last_report
from vibestream.contexts.listen_reward.scoring.service.models import committed_model
from vibestream.sandbox.listeners.people import POPULATIONS
from vibestream.sandbox.listeners.scenes import ARTIFICIAL
from vibestream.sandbox.listeners.seeds import MEASURED


def test_it_was_measured_with_the_model_and_policy_in_force_on_the_test_seeds():
    report = last_report()

    assert report["model"] == committed_model().sha256
    assert (report["policy"], report["hold_from_ppm"]) == (DEFAULT_POLICY.version, DEFAULT_POLICY.hold_from_ppm)
    assert tuple(report["seeds"]) == MEASURED
    assert {one["name"] for one in report["groups"]} == {*POPULATIONS, *ARTIFICIAL}


def test_what_was_set_out_for_is_reached():
    report = last_report()

    assert report["honest"]["share"] < 0.005
    assert report["honest"]["interval"][1] < 0.005
    assert [one["accounts"] for one in report["farm_by_size"]] == [10, 100, 1000]
    for one in report["farm_by_size"]:
        assert one["gain_at_usual_prices"] < 0
        assert one["gain_by_what_is_adopted"] < 0
    assert all(report["reached"].values())


def test_in_short_it_is_the_same_with_what_gains_most_first():
    short, report = last_evaluation(), last_report()

    assert {one.name for one in short.strategies} == ARTIFICIAL
    gains = [one.gain.minor for one in short.strategies]
    assert gains == sorted(gains, reverse=True)
    for one in short.strategies:
        whole = report["money_in_millionths_of_a_dollar"][one.name]
        assert one.gain.minor == whole["scored"]["gain"] // 10_000
        assert one.earned.minor - one.cost.minor - one.gain.minor in {-1, 0, 1}  # each is cut to cents
    assert short.honest_held <= short.honest * 0.005
