"""The country of a time zone."""

from __future__ import annotations

import pytest

from vibestream.platform.countries import country_of


@pytest.mark.parametrize(
    ("time_zone", "country"),
    [
        ("Europe/Madrid", "ES"), ("Atlantic/Canary", "ES"), ("America/New_York", "US"), ("Asia/Kolkata", "IN"),
        ("UTC", None), ("Etc/GMT+3", None), ("Mars/Olympus", None), ("", None),
    ],
)  # fmt: skip
def test_a_zone_is_of_the_country_that_it_lies_in_and_utc_of_none(time_zone: str, country: str | None):
    assert country_of(time_zone) == country
