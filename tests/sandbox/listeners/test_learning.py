"""Choosing a threshold: the lowest that people can bear, and none when none is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vibestream.sandbox.listeners.learning import GRID_PPM, Choice, chosen

GOOD = Choice(
    hold_from_ppm=990_000,
    honest_held=5,
    honest=4_000,
    worst_group="scene",
    worst_share=0.02,
    caught=90,
    artificial=100,
)


def test_the_lowest_threshold_that_can_be_borne_is_chosen():
    strict = replace(GOOD, hold_from_ppm=999_000, honest_held=0)
    loose = replace(GOOD, hold_from_ppm=900_000, honest_held=60)

    assert chosen([strict, loose, GOOD]) == GOOD
    assert chosen([loose]) is None
    assert chosen([]) is None


@pytest.mark.parametrize(
    ("changes", "bearable"),
    [
        ({}, True),
        # 10 of 4,000 are 0.25 %, and with 95 % confidence below 0.46 %; 12 may be 0.52 %.
        ({"honest_held": 10}, True),
        ({"honest_held": 12}, False),
        ({"honest_held": 0, "honest": 700}, False),
        ({"worst_share": 0.021}, False),
    ],
)
def test_people_bear_half_a_percent_of_all_for_sure_and_two_of_any_kind(changes: dict[str, float], bearable: bool):
    assert replace(GOOD, **changes).bearable is bearable  # type: ignore[arg-type]


def test_the_grid_rises():
    assert list(GRID_PPM) == sorted(set(GRID_PPM))
