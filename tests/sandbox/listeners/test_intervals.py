"""Intervals of shares, against figures worked out elsewhere."""

from __future__ import annotations

import pytest

from vibestream.sandbox.listeners.intervals import wilson


@pytest.mark.parametrize(
    ("found", "of", "low", "high"),
    [
        # Source: R. G. Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(found: int, of: int, low: float, high: float):
    assert list(wilson(found, of)) == pytest.approx([low, high], abs=5e-5)


def test_of_nothing_nothing_is_known_and_of_all_the_end_is_one():
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(50, 50)[1] == 1.0
