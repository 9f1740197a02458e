"""`vibestream listens`: the adversary report, small; the whole one is measured by the command itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vibestream.cli.listens import command
from vibestream.sandbox.listeners.adversaries import STRATEGIES
from vibestream.sandbox.listeners.people import POPULATIONS

SMALL = ("--scale", "0.05", "--farm", "20", "--seed", "101")


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(command, arguments)


def test_the_report_names_every_group_and_says_what_it_does_not_say(tmp_path: Path):
    ended = run("evaluate", *SMALL, "--out", str(tmp_path))

    report = json.loads((tmp_path / "report.json").read_text())
    page = (tmp_path / "report.md").read_text()
    assert {one["name"] for one in report["groups"]} == {*POPULATIONS, *STRATEGIES}
    assert set(report["money_in_millionths_of_a_dollar"]) == set(STRATEGIES)
    assert report["seeds"] == [101]
    assert all(f"| {name} |" in page for name in (*POPULATIONS, *STRATEGIES))
    assert "they say nothing of how much will be caught elsewhere" in page
    assert (ended.exit_code == 0) == all(report["reached"].values())


def test_what_it_learned_from_it_is_not_measured_on():
    for seed in ("11", "13", "14"):
        ended = run("evaluate", "--seed", seed)
        assert ended.exit_code == 2
        assert f"Seed {seed} was learned from or chosen by" in ended.output


def test_a_file_that_is_no_model_is_refused(tmp_path: Path):
    (tmp_path / "model.json").write_text("{}")

    ended = run("evaluate", *SMALL, "--model", str(tmp_path / "model.json"))

    assert ended.exit_code == 1
    assert "no model" in str(ended.exception)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_on_worlds_that_nothing_was_learned_from_few_people_are_held_and_the_farm_loses_money(tmp_path: Path):
    ended = run("evaluate", "--out", str(tmp_path))

    report = json.loads((tmp_path / "report.json").read_text())
    assert report["honest"]["share"] < 0.005
    assert report["money_in_millionths_of_a_dollar"]["farm_1000"]["scored"]["gain"] < 0
    assert ended.exit_code == 0, ended.output
