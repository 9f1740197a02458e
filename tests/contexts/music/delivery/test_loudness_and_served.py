"""Gain brings every track to one loudness without clipping; segments become the fewest runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.music.delivery.domain.loudness import playback_gain_db
from vibestream.contexts.music.delivery.domain.served import Run, Served, gather
from vibestream.kernel.ids import ListenId, TrackId, new_id


@pytest.mark.parametrize(
    ("lufs", "peak", "gain"),
    [
        (-9.5, -0.3, -4.5),  # loud: turned down, whatever its peak
        (-9.5, 1.2, -4.5),
        (-14.0, -1.0, 0.0),
        (-20.0, -8.0, 6.0),  # quiet with room
        (-20.0, -3.0, 2.0),  # quiet with peaks: up to -1 dBTP
        (-20.0, -1.0, 0.0),
        (-20.0, 0.5, 0.0),  # over the ceiling already: not raised, not lowered
        (-20.0, None, 0.0),
        (-45.0, -40.0, 12.0),
        (12.0, 13.0, -24.0),
        (None, None, 0.0),
        (None, -3.0, 0.0),
    ],
)
def test_gain_goes_to_the_target_as_far_as_the_peak_allows(lufs: float | None, peak: float | None, gain: float):
    assert playback_gain_db(loudness_lufs=lufs, true_peak_dbtp=peak) == gain


@given(st.floats(-70, 5), st.floats(-70, 5))
def test_nothing_is_ever_raised_over_the_ceiling(lufs: float, peak: float):
    gain = playback_gain_db(loudness_lufs=lufs, true_peak_dbtp=peak)

    assert gain <= 0 or peak + gain <= -1.0 + 0.005


LISTEN, TRACK = ListenId(new_id()), TrackId(new_id())


def served(*segments: int, rung: str = "aac-160", at_ms: int = 1000) -> list[Served]:
    return [Served(LISTEN, TRACK, rung, segment, at_ms + place) for place, segment in enumerate(segments)]


def test_segments_in_a_row_are_one_run_and_a_gap_begins_another():
    assert gather(served(3, 1, 2, 7, 2)) == [
        Run(LISTEN, TRACK, "aac-160", 1, 3, 1000, 1004),
        Run(LISTEN, TRACK, "aac-160", 7, 7, 1003, 1003),
    ]


def test_rungs_tracks_and_listens_are_kept_apart():
    other = Served(LISTEN, TrackId(new_id()), "aac-160", 2, 5)
    another = Served(ListenId(new_id()), TRACK, "aac-160", 2, 5)

    runs = gather([*served(1), *served(2, rung="aac-320"), other, another])

    assert sorted((run.first_segment, run.last_segment) for run in runs) == [(1, 1), (2, 2), (2, 2), (2, 2)]


@given(st.lists(st.integers(1, 40)))
def test_runs_hold_exactly_the_segments_that_were_sent(segments: list[int]):
    runs = gather(served(*segments))

    held = [segment for run in runs for segment in range(run.first_segment, run.last_segment + 1)]
    assert held == sorted(set(segments))
