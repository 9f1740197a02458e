"""Playlists to the letter, and where objects lie."""

from __future__ import annotations

import pytest

from vibestream.contexts.music.packaging.domain import layout
from vibestream.contexts.music.packaging.domain.asset import Rendition, masters
from vibestream.contexts.music.packaging.domain.ladder import Family
from vibestream.contexts.music.packaging.domain.playlists import (
    Bandwidth,
    Segment,
    Variant,
    bandwidth_of,
    is_ended,
    listed_segments,
    master_playlist,
    media_playlist,
)
from vibestream.kernel.ids import AssetId, new_id


def test_a_growing_playlist_lists_what_there_is_and_does_not_end():
    text = media_playlist([Segment(192_512, 80_000), Segment(192_512, 81_000)], timescale=48_000, complete=False)

    assert text == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:4\n"
        "#EXT-X-PLAYLIST-TYPE:EVENT\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MEDIA-SEQUENCE:1\n"
        '#EXT-X-MAP:URI="init.mp4"\n'
        "#EXTINF:4.010666,\n"
        "s00001.m4s\n"
        "#EXTINF:4.010667,\n"
        "s00002.m4s\n"
    )
    assert (listed_segments(text), is_ended(text)) == (2, False)


def test_a_complete_playlist_ends_and_begins_with_what_it_was():
    segments = [Segment(192_512, 80_000), Segment(192_512, 81_000), Segment(100, 9)]
    growing = media_playlist(segments[:2], timescale=48_000, complete=False)
    complete = media_playlist(segments, timescale=48_000, complete=True)

    assert complete == growing + "#EXTINF:0.002083,\ns00003.m4s\n#EXT-X-ENDLIST\n"
    assert (listed_segments(complete), is_ended(complete)) == (3, True)


def test_rounding_does_not_add_up():
    text = media_playlist([Segment(1, 1)] * 3, timescale=3, complete=True)

    assert [line for line in text.splitlines() if "EXTINF" in line] == [
        "#EXTINF:0.333333,",
        "#EXTINF:0.333333,",
        "#EXTINF:0.333334,",
    ]


@pytest.mark.parametrize(("ticks", "target"), [(4_499, 4), (4_500, 5), (5_499, 5)])
def test_no_segment_rounds_to_more_than_the_target_duration(ticks, target):
    assert f"#EXT-X-TARGETDURATION:{target}\n" in media_playlist([Segment(ticks, 1)], timescale=1_000, complete=True)


def test_bandwidth_is_what_the_segments_weigh():
    segments = [Segment(4_000, 80_000), Segment(4_000, 100_000), Segment(1_000, 60_000)]

    # 240,000 bytes in 9 s; the last segment is too short to be the peak, which is 100,000 bytes in 4 s.
    assert bandwidth_of(segments, timescale=1_000) == Bandwidth(average=213_334, peak=200_000)
    assert bandwidth_of(segments[2:], timescale=1_000) == Bandwidth(average=480_000, peak=480_000)


def test_a_master_playlist_says_what_each_rung_takes():
    text = master_playlist(
        [Variant(folder="aac-160.2", codecs="mp4a.40.2", bandwidth=Bandwidth(average=163_001, peak=170_000))]
    )

    assert text == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-STREAM-INF:BANDWIDTH=170000,AVERAGE-BANDWIDTH=163001,CODECS="mp4a.40.2"\n'
        "aac-160.2/index.m3u8\n"
    )


def rendition(rung: str, *, complete: bool = True, average: int = 1, segments: int = 2) -> Rendition:
    return Rendition(
        asset_id=AssetId(new_id()),
        rung=rung,
        family=Family.LOSSLESS if rung == "flac" else Family.LOSSY,
        folder=rung,
        codecs="fLaC" if rung == "flac" else "mp4a.40.2",
        nominal_bps=None,
        sample_rate=44_100,
        channels=2,
        bits=None,
        complete=complete,
        segments=segments,
        timescale=44_100,
        segment_ticks=177_152,
        duration_ticks=200_000,
        total_bytes=1,
        bandwidth=Bandwidth(average=average, peak=average),
        delay_samples=1_024,
    )


def test_codecs_are_never_mixed_in_one_master_and_players_start_at_160():
    made = masters(
        (
            rendition("flac", average=700),
            rendition("aac-320", average=320),
            rendition("aac-96", average=96),
            rendition("aac-160", average=160),
        )
    )

    assert {family: [one.folder for one in variants] for family, variants in made.items()} == {
        Family.LOSSY: ["aac-160", "aac-96", "aac-320"],
        Family.LOSSLESS: ["flac"],
    }


def test_a_growing_rung_is_listed_only_while_it_is_alone():
    growing, complete, empty = rendition("aac-96", complete=False), rendition("aac-160"), rendition("flac", segments=0)

    assert [one.folder for one in masters((growing,))[Family.LOSSY]] == ["aac-96"]
    assert [one.folder for one in masters((growing, complete, empty))[Family.LOSSY]] == ["aac-160"]
    assert Family.LOSSLESS not in masters((growing, complete, empty))


def test_a_segments_span_leaves_out_what_the_encoder_put_in_front():
    one = rendition("aac-160")

    assert [one.span_ms(number) for number in (1, 2)] == [(0, 3_993), (3_993, 4_511)]


def test_an_address_depends_on_the_master_and_the_ladder_and_tells_neither():
    master = "ab" * 32
    first, second = (layout.address_of(master, ladder_version=version) for version in (1, 2))

    # printf 'abab...ab/1' | sha256sum
    assert first == "a726311f7cda3d1b305fc11b314d8a77f1e421e5a1976868f94ea7fea8938d97"
    assert first != second
    assert master not in (first, second)


def test_keys_lie_below_the_prefix_that_a_signature_covers():
    address = layout.address_of("ab" * 32, ladder_version=1)
    prefix = layout.prefix_of(address)

    assert prefix == f"a/{address}/"
    keys = {
        layout.master_key(address, Family.LOSSY): "master.m3u8",
        layout.master_key(address, Family.LOSSLESS): "lossless.m3u8",
        layout.playlist_key(address, "aac-160"): "aac-160/index.m3u8",
        layout.initialisation_key(address, "aac-160"): "aac-160/init.mp4",
        layout.segment_key(address, "aac-160", 1): "aac-160/s00001.m4s",
        layout.segment_key(address, layout.rung_folder("flac", take=2), 12_345): "flac.2/s12345.m4s",
        layout.cover_key(address, sha256="cd" * 32, edge_px=640, extension="webp"): f"cover/{'cd' * 32}-640.webp",
    }
    assert {key.removeprefix(prefix) for key in keys} == set(keys.values())
    assert not layout.original_key("ab" * 32).startswith("a/")


@pytest.mark.parametrize(
    ("name", "number"),
    [("s00001.m4s", 1), ("s12345.m4s", 12_345), ("s1.m4s", None), ("init.mp4", None), ("s00001.m4sx", None)],
)
def test_a_segments_name_gives_its_number(name, number):
    assert layout.segment_number(name) == number
