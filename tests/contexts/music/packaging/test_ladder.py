"""Which renditions a source gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vibestream.contexts.music.packaging.domain.ladder import Family, ladder_of
from vibestream.contexts.music.packaging.domain.source import Codec, Container, Source

MP3 = Source(
    container=Container.MP3,
    codec=Codec.MP3,
    sample_rate=44_100,
    channels=2,
    bits=None,
    declared_ms=200_000,
    exact=True,
    bitrate_bps=320_000,
)
WAV = replace(MP3, container=Container.WAV, codec=Codec.PCM, bits=16, bitrate_bps=1_411_200)


def rungs(source: Source) -> list[tuple[str, int | None]]:
    return [(rung.name, rung.bitrate_bps) for rung in ladder_of(source).rungs]


ALL = [("aac-160", 160_000), ("aac-96", 96_000), ("aac-320", 320_000)]


@pytest.mark.parametrize(
    ("bitrate", "expected"),
    [
        (320_000, ALL),
        (304_762, ALL),
        (304_761, [("aac-160", 160_000), ("aac-96", 96_000)]),
        (160_000, [("aac-160", 160_000), ("aac-96", 96_000)]),
        (128_000, [("aac-96", 96_000)]),
        (91_429, [("aac-96", 96_000)]),
        (80_000, [("aac-96", 80_000)]),
        (8_000, [("aac-96", 32_000)]),
    ],
)
def test_a_lossy_source_gets_no_rung_above_itself(bitrate, expected):
    assert rungs(replace(MP3, bitrate_bps=bitrate)) == expected


def test_a_lossy_source_of_unknown_bitrate_gets_the_whole_ladder():
    assert rungs(replace(MP3, bitrate_bps=0)) == ALL


def test_a_lossless_source_gets_the_ladder_and_flac_whatever_it_weighs():
    assert rungs(replace(WAV, bitrate_bps=60_000)) == [*ALL, ("flac", None)]


def test_a_lossless_source_of_few_samples_is_capped_by_them():
    telephone = replace(WAV, sample_rate=8_000, channels=1)

    assert rungs(telephone) == [("aac-96", 96_000), ("flac", None)]


def test_mono_needs_half():
    assert rungs(replace(WAV, channels=1)) == [("aac-160", 160_000), ("aac-96", 96_000), ("flac", None)]


@pytest.mark.parametrize(
    ("rate", "encoded"),
    [(8_000, 48_000), (11_025, 44_100), (22_050, 44_100), (32_000, 48_000), (88_200, 44_100), (96_000, 48_000)],
)
def test_aac_keeps_to_the_family_of_the_sources_rate_and_flac_to_the_rate_itself(rate, encoded):
    made = {rung.family: rung.sample_rate for rung in ladder_of(replace(WAV, sample_rate=rate)).rungs}

    assert made == {Family.LOSSY: encoded, Family.LOSSLESS: rate}


def test_more_than_two_channels_are_mixed_down_for_aac_alone():
    made = {rung.family: rung.channels for rung in ladder_of(replace(WAV, channels=6)).rungs}

    assert made == {Family.LOSSY: 2, Family.LOSSLESS: 6}


@pytest.mark.parametrize(("bits", "kept"), [(8, 16), (16, 16), (20, 24), (24, 24), (32, 24), (64, 24)])
def test_flac_keeps_sixteen_or_twenty_four_bits(bits, kept):
    flac = ladder_of(replace(WAV, bits=bits)).rungs[-1]

    assert (flac.name, flac.bits, flac.codecs) == ("flac", kept, "fLaC")
