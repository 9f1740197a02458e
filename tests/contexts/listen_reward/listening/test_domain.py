"""When a listen counts."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.listen_reward import NOON, after, make_listen, played
from vibestream.contexts.listen_reward.listening import domain
from vibestream.contexts.listen_reward.listening.domain import Beat, Playing, Reason, State


def test_thirty_seconds_of_real_time_count():
    listen, taken = domain.take_beats(make_listen(), played(until_s=30), now=after(30))

    assert (listen.state, listen.heard_ms, listen.accepted_at) == (State.ACCEPTED, 30_000, after(30))
    assert len(taken) == 4


def test_a_moment_less_does_not_count():
    listen, _ = domain.take_beats(make_listen(), played(until_s=29.999), now=after(30))

    assert (listen.state, listen.heard_ms) == (State.OPEN, 29_999)


@pytest.mark.parametrize(("duration_ms", "needed"), [(180_000, 30_000), (60_000, 30_000), (40_000, 20_000), (1, 1)])
def test_half_of_a_short_track_is_enough(duration_ms: int, needed: int):
    assert domain.enough_ms(duration_ms) == needed


def test_the_same_ten_seconds_over_and_over_count_once():
    listen, seq, clock = make_listen(), 1, 0.0
    for _ in range(6):
        again = [
            Beat(seq, int(clock * 1000), 0, Playing.SEEKING),
            *played(until_s=10, first_seq=seq + 1, at_s=clock),
        ]
        listen, _ = domain.take_beats(listen, again, now=after(clock + 10))
        seq, clock = seq + len(again), clock + 10

    assert (listen.state, listen.heard_ms, listen.credited_ms) == (State.OPEN, 10_000, 60_000)


def test_sending_heartbeats_again_changes_nothing():
    once, _ = domain.take_beats(make_listen(), played(until_s=20), now=after(20))

    twice, taken = domain.take_beats(once, played(until_s=20), now=after(25))

    assert (twice, taken) == (once, ())


def test_heartbeats_after_a_gap_wait_for_the_missing_one():
    beats = played(until_s=30)
    with_gap, taken = domain.take_beats(make_listen(), [beats[0], beats[2], beats[3]], now=after(30))
    assert [one.seq for one in taken] == [1]

    whole, taken = domain.take_beats(with_gap, reversed(beats), now=after(31))

    assert [one.seq for one in taken] == [2, 3, 4]
    assert (whole.state, whole.heard_ms) == (State.ACCEPTED, 30_000)


def test_a_clock_ahead_of_ours_is_refused():
    listen, _ = domain.take_beats(make_listen(), played(until_s=30), now=after(24.9))

    assert (listen.state, listen.reason, listen.live) == (State.REFUSED, Reason.FROM_THE_FUTURE, False)


def test_a_clock_that_goes_back_is_refused():
    beats = [Beat(1, 10_000, 0, Playing.PLAYING), Beat(2, 9_999, 5_000, Playing.PLAYING)]

    listen, _ = domain.take_beats(make_listen(), beats, now=after(20))

    assert (listen.state, listen.reason) == (State.REFUSED, Reason.CLOCK_WENT_BACK)


def test_a_position_beyond_the_end_is_refused():
    beats = [Beat(1, 0, 20_000 + domain.CLOCK_TOLERANCE_MS + 1, Playing.PLAYING)]

    listen, _ = domain.take_beats(make_listen(duration_ms=20_000), beats, now=after(1))

    assert (listen.state, listen.reason) == (State.REFUSED, Reason.BEYOND_THE_END)


def test_audio_played_faster_than_time_is_not_credited_and_in_the_end_refused():
    fast = [Beat(n + 1, n * 5_000, n * 10_000, Playing.PLAYING) for n in range(5)]

    listen, _ = domain.take_beats(make_listen(), fast[:4], now=after(20))
    assert (listen.state, listen.heard_ms, listen.oddities) == (State.OPEN, 0, 3)

    listen, _ = domain.take_beats(listen, fast, now=after(20))
    assert (listen.state, listen.reason) == (State.REFUSED, Reason.FASTER_THAN_TIME)


def test_a_seek_is_not_held_against_the_listener():
    beats = [
        *played(until_s=10),
        Beat(3, 10_100, 100_000, Playing.SEEKING),
        *played(from_s=100, until_s=120, first_seq=4, at_s=10.2),
    ]

    listen, _ = domain.take_beats(make_listen(), beats, now=after(31))

    assert (listen.state, listen.oddities) == (State.ACCEPTED, 0)
    assert listen.heard == ((0, 10_000), (100_000, 120_000))


def test_many_tiny_steps_cannot_add_up_the_slack_of_each():
    hurried = [Beat(n + 1, n, n * 700, Playing.PLAYING) for n in range(60)]

    listen, _ = domain.take_beats(make_listen(), hurried, now=after(1))

    assert listen.heard_ms <= domain.BUDGET_SLACK_MS + 700
    assert listen.state is State.REFUSED


@pytest.mark.parametrize("silent", [{"state": Playing.PAUSED}, {"muted": True}])
def test_what_is_paused_or_muted_is_not_heard(silent: dict[str, Any]):
    beats = [replace(beat, **silent) for beat in played(until_s=60)]

    listen, _ = domain.take_beats(make_listen(), beats, now=after(60))

    assert (listen.heard_ms, listen.state) == (0, State.OPEN)


def test_nothing_counts_before_playback_was_granted():
    listen, _ = domain.take_beats(make_listen(attributed=None), played(until_s=40), now=after(40))
    assert (listen.state, listen.heard_ms) == (State.OPEN, 40_000)

    assert domain.decide(replace(listen, attributed=False), now=after(41)).state is State.ACCEPTED


def test_only_audio_that_was_served_counts_where_the_server_sees_it():
    listen, _ = domain.take_beats(make_listen(attributed=True), played(until_s=40), now=after(40))
    assert listen.state is State.OPEN

    not_enough = replace(listen, served=((0, 28_000),))
    assert domain.decide(not_enough, now=after(41)).state is State.OPEN

    enough = replace(listen, served=((0, 32_000),))
    assert domain.decide(enough, now=after(41)).state is State.ACCEPTED


def test_an_accepted_listen_stays_accepted_whatever_comes_later():
    accepted, _ = domain.take_beats(make_listen(), played(until_s=30), now=after(30))

    later, _ = domain.take_beats(accepted, [Beat(5, 10**7, 0, Playing.PLAYING)], now=after(31))

    assert (later.state, later.accepted_at, later.live, later.reason) == (
        State.ACCEPTED, after(30), False, Reason.FROM_THE_FUTURE,
    )  # fmt: skip


def test_an_ended_listen_takes_late_heartbeats_of_the_time_before_its_end_only():
    ended = domain.end(make_listen(), reason=Reason.SUPERSEDED, now=after(30))

    told_late, _ = domain.take_beats(ended, played(until_s=30), now=after(45))
    assert (told_late.state, told_late.reason) == (State.ACCEPTED, Reason.SUPERSEDED)

    went_on, _ = domain.take_beats(ended, played(until_s=60), now=after(65))
    assert (went_on.state, went_on.reason) == (State.ACCEPTED, Reason.FROM_THE_FUTURE)
    assert went_on.heard_ms == 30_000

    too_late, taken = domain.take_beats(ended, played(until_s=30), now=after(91))
    assert (too_late, taken) == (ended, ())


def test_ending_again_and_settling_early_change_nothing():
    ended = domain.end(make_listen(), reason=Reason.LEFT, now=NOON)

    assert domain.end(ended, reason=Reason.TIMED_OUT, now=after(5)) == ended
    assert domain.settle(ended, now=NOON + domain.SETTLES_AFTER - timedelta(microseconds=1)) == ended
    assert domain.settle(ended, now=NOON + domain.SETTLES_AFTER).state is State.CLOSED
    assert domain.settle(make_listen(), now=after(10**6)).state is State.OPEN


moves = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(0, 200_000), st.sampled_from(Playing), st.booleans()), max_size=40
)


@given(moves)
def test_whatever_is_sent_no_more_is_heard_than_time_passed(sent: list[tuple[int, int, Playing, bool]]):
    clock, beats = 0, []
    for seq, (step, position, state, muted) in enumerate(sent, 1):
        clock += step
        beats.append(Beat(seq, clock, position, state, muted))

    listen, _ = domain.take_beats(make_listen(duration_ms=190_000), beats, now=NOON + timedelta(milliseconds=clock))

    assert listen.heard_ms <= listen.credited_ms <= clock * 1.02 + domain.BUDGET_SLACK_MS
    assert all(0 <= start < stop <= 190_000 for start, stop in listen.heard)
    assert listen.state is not State.ACCEPTED or listen.heard_ms >= 30_000


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


@given(spans, spans)
def test_stretches_behave_as_sets_of_milliseconds(one: list[tuple[int, int]], other: list[tuple[int, int]]):
    def points(of: list[tuple[int, int]] | domain.Spans) -> set[int]:
        return {n for start, stop in of for n in range(start, stop)}

    first, second = domain.merged(one), domain.merged(other)

    assert points(first) == points(one)
    assert domain.length(first) == len(points(one))
    assert points(domain.intersection(first, second)) == points(one) & points(other)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(first))
