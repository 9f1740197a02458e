"""Reading ffmpeg's loudness report, drawing the waveform's outline, cleaning tags."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.music.packaging.domain.measures import Loudness, Measures, loudness_of, outline
from vibestream.contexts.music.packaging.domain.tags import Tags, clean_text, tags_of
from vibestream.contexts.music.packaging.gateway.waveform import Peaks

SUMMARY = """
[Parsed_ebur128_4 @ 0x55] Summary:

  Integrated loudness:
    I:         {i} LUFS
    Threshold: -32.7 LUFS

  Loudness range:
    LRA:         {lra} LU
    Threshold: -43.0 LUFS
    LRA low:   -26.6 LUFS
    LRA high:  -21.5 LUFS

  True peak:
    Peak:       {peak} dBFS
"""


def test_the_last_report_counts():
    hostile = SUMMARY.format(i="0.0", lra="0.0", peak="99.0")

    assert loudness_of(hostile + SUMMARY.format(i="-19.0", lra="9.0", peak="-1.2") + "more") == Loudness(
        integrated_lufs=-19.0, range_lu=9.0, true_peak_dbtp=-1.2
    )


@pytest.mark.parametrize("silence", ["-70.0", "nan", "-inf"])
def test_silence_has_no_loudness(silence):
    assert loudness_of(SUMMARY.format(i=silence, lra="0.0", peak="-inf")) == Loudness(
        integrated_lufs=None, range_lu=None, true_peak_dbtp=None
    )


def test_no_report_is_no_loudness():
    assert loudness_of("") == Loudness(integrated_lufs=None, range_lu=None, true_peak_dbtp=None)


def test_an_outline_keeps_the_loudest_of_each_stretch():
    assert outline([0, 32_768, 16_384, 1], points=2) == bytes([255, 127])
    assert outline([32_768] * 3, points=1_800) == bytes([255] * 3)
    assert outline([]) == b""
    assert len(outline(list(range(7_000)))) == 1_800


@given(st.binary(min_size=0, max_size=4_000), st.integers(1, 999), st.sampled_from([1, 2]))
def test_peaks_do_not_depend_on_how_the_stream_was_cut(data, step, channels):
    peaks = Peaks(sample_rate=800, channels=channels)
    for at in range(0, len(data), step):
        peaks.hear(data[at : at + step])
    found = peaks.finish()

    frames = len(data) // (2 * channels)
    samples = np.abs(np.frombuffer(data[: frames * 2 * channels], "<i2").astype(int)).reshape(frames, channels)
    assert peaks.samples == frames
    assert found == [int(samples[at : at + 8].max()) for at in range(0, frames, 8)]


def test_a_length_is_rounded_to_the_nearest_millisecond():
    quiet = loudness_of("")
    lengths = [
        Measures(samples=samples, sample_rate=48_000, loudness=quiet, waveform=b"", fingerprint=b"").duration_ms
        for samples in (48_000, 48_023, 48_024)
    ]
    assert lengths == [1_000, 1_000, 1_001]


def test_tags_are_taken_by_name_and_made_fit():
    assert tags_of(
        {
            "title": "  Ca\u0301ndido \n\t y\x00 Luz ",
            "artist": "x" * 500,
            "album_artist": "\u202e\u0007",
            "date": "2012-12-15T10:00",
            "isrc": "gb-ayc-6900003",
            "track_no": "03/11",
            "disc_no": "zero",
            "unknown": "left out",
        }
    ) == Tags(title="C\u00e1ndido y Luz", artist="x" * 200, date="2012-12-15", isrc="GBAYC6900003", track_no=3)


@pytest.mark.parametrize("number", ["0", "-1", "99999", "\u0663", "1e3", ""])
def test_a_number_that_is_none_is_left_out(number):
    assert tags_of({"track_no": number}).track_no is None


@given(st.text(max_size=3_000))
def test_cleaned_text_is_one_visible_line_and_stays_as_it_is(text):
    cleaned = clean_text(text)

    if cleaned is not None:
        assert 1 <= len(cleaned) <= 200
        assert not set(cleaned) & set("\x00\x07\x9f\n\r\t\u202e\u2066\u200f")
        assert clean_text(cleaned) == cleaned
