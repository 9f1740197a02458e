"""Listens become days and hours of somebody's own clock; runs of days are counted as people count them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.user.analytics.domain import (
    Count,
    Heard,
    Streaks,
    bounds_of,
    by_month,
    by_weekday,
    day_of,
    days_of,
    streaks_of,
)
from vibestream.kernel.ids import ArtistId, TrackId

SONG, OTHER, ARTIST = TrackId(UUID(int=1)), TrackId(UUID(int=2)), ArtistId(UUID(int=3))
MADRID = "Europe/Madrid"


def heard(*, at: datetime, ms: int = 60_000, track: TrackId = SONG, playing: bool = False) -> Heard:
    return Heard(track, ARTIST, at, ms, playing=playing)


def at(*, day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_a_listen_belongs_to_the_day_and_the_hour_of_the_listeners_own_clock():
    late = heard(at=at(day=23, hour=23, minute=30))

    (utc,) = days_of([late], time_zone="UTC")
    (madrid,) = days_of([late], time_zone=MADRID)

    assert (utc.day, list(utc.hours)) == (date(2026, 11, 23), [23])
    assert (madrid.day, list(madrid.hours)) == (date(2026, 11, 24), [0])


def test_the_hour_that_a_clock_shows_twice_is_one_hour_of_a_day_of_twenty_five():
    begin, end = bounds_of(date(2026, 10, 25), time_zone=MADRID)
    twice = [heard(at=at(month=10, day=25, hour=0, minute=30)), heard(at=at(month=10, day=25, hour=1, minute=30))]

    assert end - begin == timedelta(hours=25)
    assert [one.hours for one in days_of(twice, time_zone=MADRID)] == [{2: Count(2, 120_000)}]


def test_a_day_that_begins_at_one_in_the_morning_begins_there():
    """In Beirut midnight of this day is left out when summer time begins."""
    begin, end = bounds_of(date(2026, 3, 29), time_zone="Asia/Beirut")

    assert (begin, end - begin) == (datetime(2026, 3, 28, 22, tzinfo=UTC), timedelta(hours=23))
    assert day_of(begin, time_zone="Asia/Beirut") == date(2026, 3, 29)
    assert day_of(begin - timedelta(milliseconds=1), time_zone="Asia/Beirut") == date(2026, 3, 28)


def test_tracks_are_counted_apart_and_a_day_says_whether_one_of_them_still_plays():
    evening = at(day=24, hour=20)
    found = days_of(
        [heard(at=evening, ms=5), heard(at=evening, ms=7), heard(at=evening, ms=1, track=OTHER, playing=True)],
        time_zone="UTC",
    )

    assert [one.tracks for one in found] == [{(SONG, ARTIST): Count(2, 12), (OTHER, ARTIST): Count(1, 1)}]
    assert [one.hours for one in found] == [{20: Count(3, 13)}]
    assert [one.playing for one in found] == [True]


@given(
    st.lists(
        st.builds(
            heard,
            at=st.integers(0, 364 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
            ms=st.integers(0, 10**7),
            track=st.sampled_from([SONG, OTHER]),
        ),
        max_size=40,
    ),
    st.sampled_from(["UTC", MADRID, "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]),
    st.randoms(use_true_random=False),
)
def test_nothing_is_lost_doubled_or_put_on_another_day_in_whichever_order_it_comes(
    listens: list[Heard], zone: str, chance: random.Random
):
    days = days_of(listens, time_zone=zone)
    shuffled = list(listens)
    chance.shuffle(shuffled)

    assert days_of(shuffled, time_zone=zone) == days
    assert sum((c for one in days for c in one.tracks.values()), Count()) == sum(
        (c for one in days for c in one.hours.values()), Count()
    )
    assert sum(c.heard_ms for one in days for c in one.hours.values()) == sum(one.heard_ms for one in listens)
    for one in listens:
        begin, end = bounds_of(day_of(one.began_at, time_zone=zone), time_zone=zone)
        assert begin <= one.began_at < end


@pytest.mark.parametrize(
    ("days", "today", "expected"),
    [
        ([], 24, Streaks(0, 0)),
        ([24], 24, Streaks(1, 1)),
        ([23], 24, Streaks(1, 1)),
        ([22], 24, Streaks(1, 0)),
        ([1, 2, 3, 10, 11, 23, 24], 24, Streaks(3, 2)),
        ([24, 23, 24, 22, 22], 24, Streaks(3, 3)),
    ],
)
def test_a_run_goes_on_until_a_whole_day_has_passed_without(days: list[int], today: int, expected: Streaks):
    assert streaks_of([date(2026, 11, day) for day in days], today=date(2026, 11, today)) == expected


def test_weekdays_begin_on_monday_and_months_are_named_by_their_first_day():
    monday, sunday, december = date(2026, 11, 23), date(2026, 11, 29), date(2026, 12, 7)
    days = [(monday, Count(1, 10)), (sunday, Count(2, 20)), (december, Count(4, 40))]

    assert by_weekday(days) == (Count(5, 50), *[Count()] * 5, Count(2, 20))
    assert by_month(days) == ((date(2026, 11, 1), Count(3, 30)), (date(2026, 12, 1), Count(4, 40)))
