"""Loudness as bars."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from vibestream.web.waveforms import BARS, bars, outline


def test_silence_and_nothing_are_bars_of_the_least_height():
    assert bars(b"") == "00" * BARS
    assert bars(bytes(1_800)) == "00" * BARS
    assert outline("0000") == "M0 31h6v2h-6zM9 31h6v2h-6z"


def test_the_loudest_stretch_stands_at_full_height_and_half_as_loud_at_half():
    peaks = bytes([50] * 900 + [100] * 900)

    assert bars(peaks) == "7f" * 55 + "ff" * 55
    assert outline("ff") == "M0 2h6v60h-6z"


def test_fewer_peaks_than_bars_are_spread():
    assert bars(bytes([10, 20]))[:2] == "7f"
    assert bars(bytes([10, 20]))[-2:] == "ff"


@given(st.binary(max_size=4_000))
def test_any_peaks_give_all_bars_within_the_picture(peaks: bytes):
    path = outline(bars(peaks))
    heights = [float(found) for found in re.findall(r"v(\d+)", path)]

    assert len(heights) == BARS
    assert all(2 <= height <= 60 for height in heights)
