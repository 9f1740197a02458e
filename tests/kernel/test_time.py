"""Periods hold their start and not their end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vibestream.kernel.time import InvalidPeriod, Period, utc_now

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_now_is_aware_and_in_utc():
    assert utc_now().utcoffset() == timedelta(0)


def test_a_period_holds_its_start_and_not_its_end():
    period = Period(NOON, NOON + HOUR)

    assert NOON in period
    assert NOON + HOUR not in period
    assert NOON - timedelta(microseconds=1) not in period


def test_an_open_period_holds_everything_after_its_start():
    assert NOON + 10_000 * HOUR in Period(NOON, None)
    assert NOON - HOUR not in Period(NOON, None)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Period(NOON + HOUR, NOON + 2 * HOUR), False),
        (Period(NOON - HOUR, NOON), False),
        (Period(NOON + HOUR / 2, None), True),
        (Period(NOON - HOUR, NOON + HOUR / 2), True),
    ],
)
def test_periods_that_only_touch_do_not_overlap(other: Period, expected: bool):
    period = Period(NOON, NOON + HOUR)

    assert period.overlaps(other) is expected
    assert other.overlaps(period) is expected


@pytest.mark.parametrize(
    ("start", "end"),
    [(NOON, NOON), (NOON, NOON - HOUR), (NOON.replace(tzinfo=None), None), (NOON, (NOON + HOUR).replace(tzinfo=None))],
)
def test_an_empty_backward_or_zoneless_period_is_refused(start: datetime, end: datetime | None):
    with pytest.raises(InvalidPeriod):
        Period(start, end)
