"""What may be decoded, decided from the headers alone, and afterwards from what was decoded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vibestream.contexts.music.packaging.domain.reasons import Reason, Refused, sentence
from vibestream.contexts.music.packaging.domain.source import (
    Codec,
    Container,
    Source,
    check_decoded,
    check_source,
    longest_ms,
)

FLAC = Source(
    container=Container.FLAC,
    codec=Codec.FLAC,
    sample_rate=44_100,
    channels=2,
    bits=16,
    declared_ms=200_000,
    exact=True,
    bitrate_bps=800_000,
)


def verdict(check, *args, **kwargs) -> Reason | None:
    try:
        check(*args, **kwargs)
    except Refused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"declared_ms": None, "exact": False}, None),
        ({"declared_ms": 999}, Reason.TOO_SHORT),
        ({"declared_ms": 1_000}, None),
        ({"declared_ms": 600_000}, None),
        ({"declared_ms": 600_001}, Reason.TOO_LONG),
        ({"sample_rate": 7_999}, Reason.SAMPLE_RATE),
        ({"sample_rate": 8_000}, None),
        ({"sample_rate": 192_000}, None),
        ({"sample_rate": 192_001}, Reason.SAMPLE_RATE),
        ({"sample_rate": 0}, Reason.SAMPLE_RATE),
        ({"channels": 0}, Reason.NO_SOUND),
        ({"channels": 8}, None),
        ({"channels": 9}, Reason.CHANNELS),
        ({"declared_ms": 300_000, "sample_rate": 192_000}, None),
        ({"declared_ms": 300_001, "sample_rate": 192_000}, Reason.TOO_MUCH_SOUND),
        ({"declared_ms": 75_000, "sample_rate": 192_000, "channels": 8}, None),
        ({"declared_ms": 75_001, "sample_rate": 192_000, "channels": 8}, Reason.TOO_MUCH_SOUND),
    ],
)
def test_a_source_of_up_to_ten_minutes_is_judged_by_its_headers(change, reason):
    assert verdict(check_source, replace(FLAC, **change), max_track_minutes=10) is reason


@pytest.mark.parametrize(
    ("decoded_ms", "change", "reason"),
    [
        (200_000, {}, None),
        (199_500, {}, None),
        (199_499, {}, Reason.TRUNCATED),
        (100_000, {"exact": False}, None),
        (100_000, {"declared_ms": None}, None),
        (250_000, {}, None),
        (0, {}, Reason.NO_SOUND),
        (600_001, {"declared_ms": None}, Reason.TOO_LONG),
        (999, {"declared_ms": None}, Reason.TOO_SHORT),
    ],
)
def test_what_was_decoded_is_judged_by_what_was_promised(decoded_ms, change, reason):
    assert verdict(check_decoded, decoded_ms, source=replace(FLAC, **change), max_track_minutes=10) is reason


def test_the_longest_that_is_decoded_shrinks_with_rate_and_channels():
    assert longest_ms(FLAC, max_track_minutes=180) == 180 * 60_000
    assert longest_ms(replace(FLAC, sample_rate=192_000), max_track_minutes=180) == 90 * 60_000
    assert longest_ms(replace(FLAC, sample_rate=192_000, channels=8), max_track_minutes=180) == 22 * 60_000 + 30_000


def test_every_reason_tells_its_artist_what_to_do():
    for reason in Reason:
        said = sentence(reason)
        assert said.count(". ") + said.count("? ") >= 1, reason
        assert said.endswith(".")
