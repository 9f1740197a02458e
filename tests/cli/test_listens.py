"""`vibestream listens`: the adversary report, small; the whole one is measured by the command itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vibestream.cli.listens import command
from vibestream.sandbox.listeners.adversaries import STRATEGIES
from vibestream.sandbox.listeners.costs import MEANS, PRICES, Level
from vibestream.sandbox.listeners.people import POPULATIONS
from vibestream.sandbox.listeners.seeds import CALIBRATED, LEARNED, VALIDATED, Use, seeds_for

# One that no release measures on: what tests look at is burnt by it.
OURS = seeds_for(Use.TEST, 1, after=100)[0]
SMALL = ("--scale", "0.05", "--farm", "20", "--seed", str(OURS))


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(command, arguments)


def test_the_report_names_every_group_and_says_what_it_does_not_say(tmp_path: Path):
    ended = run("evaluate", *SMALL, "--no-sizes", "--out", str(tmp_path))

    report = json.loads((tmp_path / "report.json").read_text())
    page = (tmp_path / "report.md").read_text()
    assert {one["name"] for one in report["groups"]} == {*POPULATIONS, *STRATEGIES}
    assert set(report["money_in_millionths_of_a_dollar"]) == set(STRATEGIES)
    assert report["seeds"] == [OURS]
    assert all(f"| `{name}` |" in page for name in (*POPULATIONS, *STRATEGIES))
    assert all(one.source in page for one in PRICES.values())
    assert "they say nothing of how much will be caught elsewhere" in page
    assert (ended.exit_code == 0) == all(report["reached"].values())


def test_as_json_it_says_how_far_each_share_may_be_off_and_what_each_means_costs_at_each_price():
    ended = run("evaluate", *SMALL, "--json")

    report = json.JSONDecoder().raw_decode(ended.output)[0]
    for one in report["groups"]:
        low, high = one["recall_interval"]
        assert 0 <= low <= one["recall"] <= high <= 1
        assert one["recall_worlds"] == [one["recall"], one["recall"]]
    low, high = report["honest"]["interval"]
    assert low <= report["honest"]["share"] <= high
    assert [one["accounts"] for one in report["farm_by_size"]] == [10, 20, 100]
    assert {(one["strategy"], one["means"], one["prices"]) for one in report["ways"]} == {
        (strategy, means.name, level.value) for strategy, ways in MEANS.items() for means in ways for level in Level
    }
    assert report["defences"][0]["kept_of_all"] == 1
    assert {one["name"] for one in report["defences"]} > {"as it is", "warm-up of 3 days"}


@pytest.mark.parametrize("seed", [LEARNED[0], CALIBRATED[0], VALIDATED[0], 11, 101])
def test_what_was_looked_at_before_is_not_measured_on(seed: int):
    ended = run("evaluate", "--seed", str(seed))

    assert ended.exit_code == 2
    assert f"Seed {seed} is" in ended.output


def test_a_threshold_is_not_chosen_on_what_is_measured():
    ended = run("choose", "--seed", str(OURS))

    assert ended.exit_code == 2
    assert f"Seed {OURS} is test, not validation" in ended.output


def test_choosing_says_what_each_threshold_does():
    ended = run("choose", "--scale", "0.05", "--farm", "20", "--seed", str(seeds_for(Use.VALIDATION, 1, after=100)[0]))

    assert "99.5 %" in ended.output
    # Fifty people are too few to be sure of half a percent: nothing may be chosen by them.
    assert ended.exit_code == 1
    assert "No threshold holds few enough people" in ended.output


def test_a_file_that_is_no_model_is_refused(tmp_path: Path):
    (tmp_path / "model.json").write_text("{}")

    ended = run("evaluate", *SMALL, "--model", str(tmp_path / "model.json"))

    assert ended.exit_code == 1
    assert "no model" in str(ended.exception)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_on_worlds_that_nothing_was_learned_from_few_people_are_held_and_the_farm_loses_money(tmp_path: Path):
    ended = run("evaluate", "--out", str(tmp_path))

    report = json.loads((tmp_path / "report.json").read_text())
    assert report["honest"]["share"] < 0.005
    assert report["money_in_millionths_of_a_dollar"]["farm_1000"]["gain_by_what_is_adopted"] < 0
    assert report["reached"]["farm_of_1000_loses_money_at_usual_prices"]
    assert ended.exit_code == 0, ended.output
