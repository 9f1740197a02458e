"""Months from an anchor, and which month earns what of a payment."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.settling import usd
from tests.factories.subscriptions import utc
from vibestream.contexts.payment.subscriptions.domain.calendar import (
    add_months,
    end_of,
    month_of,
    months_passed,
    next_month,
    period_from,
    seconds,
    seconds_left,
)
from vibestream.contexts.payment.subscriptions.domain.spreading import spread, take_latest
from vibestream.kernel.time import Period

INSTANTS = st.datetimes(min_value=utc(2020, 1, 1).replace(tzinfo=None), max_value=utc(2040, 1, 1).replace(tzinfo=None))


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (0, utc(2027, 1, 31)), (1, utc(2027, 2, 28)), (2, utc(2027, 3, 31)), (3, utc(2027, 4, 30)),
        (12, utc(2028, 1, 31)), (13, utc(2028, 2, 29)), (-2, utc(2026, 11, 30)),
    ],
)  # fmt: skip
def test_the_31st_comes_back_after_a_shorter_month(months: int, expected: object):
    assert add_months(utc(2027, 1, 31), months) == expected


def test_periods_keep_the_anchors_day():
    anchor = utc(2027, 1, 31)
    february = period_from(anchor, anchor=anchor, months=1)
    march = period_from(end_of(february), anchor=anchor, months=1)

    assert (february.end, march.end) == (utc(2027, 2, 28), utc(2027, 3, 31))


@given(anchor=INSTANTS, months=st.integers(0, 60), cycle=st.sampled_from([1, 12]))
def test_a_period_of_any_anchor_begins_where_the_one_before_ended(anchor, months: int, cycle: int):
    anchor = anchor.replace(tzinfo=utc(2020, 1, 1).tzinfo)
    start = add_months(anchor, months)
    period = period_from(start, anchor=anchor, months=cycle)

    assert months_passed(anchor, start) == months
    assert period.end == add_months(anchor, months + cycle)


def test_seconds_left_are_bounded_by_the_period():
    period = Period(utc(2027, 1, 1), utc(2027, 1, 2))

    assert seconds(period) == 86_400
    assert [seconds_left(period, at=at) for at in (utc(2026, 12, 1), utc(2027, 1, 1, 6), utc(2028, 1, 1))] == [
        86_400, 64_800, 0,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="Period"):
        end_of(Period(utc(2027, 1, 1), None))


def test_months_follow_each_other_over_the_end_of_a_year():
    assert (month_of(utc(2026, 12, 31, 23)), next_month(date(2026, 12, 1))) == (date(2026, 12, 1), date(2027, 1, 1))


def test_a_year_is_twelve_equal_parts_and_the_remainder_goes_to_the_first():
    anchor = utc(2026, 11, 24)
    parts = spread(
        usd(10_990), covers=period_from(anchor, anchor=anchor, months=12), anchor=anchor, not_before=date(2026, 1, 1)
    )

    # 10990 = 12 * 915 + 10: ten months get one more.
    assert [part.minor for part in parts.values()] == [916] * 10 + [915] * 2
    assert next(iter(parts)) == date(2026, 11, 1)
    assert list(parts)[-1] == date(2027, 10, 1)


def test_twelve_dollars_are_one_each_month():
    anchor = utc(2027, 1, 31)
    parts = spread(
        usd(1_200), covers=period_from(anchor, anchor=anchor, months=12), anchor=anchor, not_before=date(2026, 1, 1)
    )

    assert [part.minor for part in parts.values()] == [100] * 12
    assert [month.month for month in parts] == [*range(1, 13)]


def test_a_month_is_earned_in_the_month_it_begins_in():
    anchor = utc(2026, 11, 24)
    covers = period_from(anchor, anchor=anchor, months=1)

    assert spread(usd(1_099), covers=covers, anchor=anchor, not_before=date(2026, 1, 1)) == {
        date(2026, 11, 1): usd(1_099)
    }


def test_what_a_closed_month_would_earn_is_earned_in_the_first_open_one():
    anchor = utc(2026, 11, 24)
    covers = period_from(anchor, anchor=anchor, months=12)

    parts = spread(usd(1_200), covers=covers, anchor=anchor, not_before=date(2027, 1, 1))

    assert parts[date(2027, 1, 1)] == usd(300)
    assert len(parts) == 10


def test_a_service_month_covered_in_part_weighs_its_share():
    anchor = utc(2027, 1, 1)
    # From the 16th of January: 16 of 31 days weigh 5161, February weighs 10000.
    parts = spread(
        usd(15_161), covers=Period(utc(2027, 1, 16), utc(2027, 3, 1)), anchor=anchor, not_before=date(2026, 1, 1)
    )

    assert parts == {date(2027, 1, 1): usd(5_161), date(2027, 2, 1): usd(10_000)}


@given(
    minor=st.integers(1, 10**12), anchor=INSTANTS, cycle=st.sampled_from([1, 12]), late_s=st.integers(0, 86_400 * 400)
)
def test_parts_sum_to_the_payment_whenever_and_whatever_it_is_for(minor: int, anchor, cycle: int, late_s: int):
    anchor = anchor.replace(tzinfo=utc(2020, 1, 1).tzinfo)
    whole = period_from(anchor, anchor=anchor, months=cycle)
    start = min(anchor + timedelta(seconds=late_s), end_of(whole) - timedelta(seconds=1))
    parts = spread(usd(minor), covers=Period(start, whole.end), anchor=anchor, not_before=date(2021, 1, 1))

    assert sum(part.minor for part in parts.values()) == minor
    assert all(part.minor > 0 for part in parts.values())
    assert len(parts) <= cycle
    assert min(parts) >= date(2021, 1, 1)


def test_giving_back_takes_from_the_latest_months_first():
    deferred = {date(2027, 1, 1): usd(100), date(2027, 2, 1): usd(100), date(2027, 3, 1): usd(0)}

    assert take_latest(usd(150), deferred=deferred) == (
        {date(2027, 2, 1): usd(100), date(2027, 1, 1): usd(50)},
        usd(0),
    )
    assert take_latest(usd(250), deferred=deferred)[1] == usd(50)
