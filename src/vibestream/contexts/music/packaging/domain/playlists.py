"""Playlists, written by us from what the segments really weigh: ffmpeg's own master gives FLAC a made-up bandwidth.

Source: RFC 8216 (HLS), sections 4.3 and 8; draft-pantos-hls-rfc8216bis for INDEPENDENT-SEGMENTS in master playlists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.music.packaging.domain.ladder import SEGMENT_S
from vibestream.contexts.music.packaging.domain.layout import segment_name

_HEAD: Final = ("#EXTM3U", "#EXT-X-VERSION:7")
_END: Final = "#EXT-X-ENDLIST"
_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment as it was made."""

    ticks: int
    """Its duration in ticks of its rung's timescale."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth:
    """What a player has to fetch per second, in bits."""

    average: int
    """Over all of it."""
    peak: int
    """In the heaviest segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A rung as its master playlist lists it."""

    folder: str
    codecs: str
    bandwidth: Bandwidth


def media_playlist(segments: Sequence[Segment], *, timescale: int, complete: bool) -> str:
    """Return a rung's playlist: an EVENT playlist that only grows, ended by ENDLIST once it is complete.

    EXTINF counts microseconds of the running sum, so that rounding never adds up to more than one of them.
    """
    lines = [*_HEAD, f"#EXT-X-TARGETDURATION:{_target(segments, timescale)}", "#EXT-X-PLAYLIST-TYPE:EVENT"]
    lines += ["#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-MEDIA-SEQUENCE:1", '#EXT-X-MAP:URI="init.mp4"']
    passed = 0
    for number, segment in enumerate(segments, 1):
        begins = passed * _MICRO // timescale
        passed += segment.ticks
        whole, micro = divmod(passed * _MICRO // timescale - begins, _MICRO)
        lines += [f"#EXTINF:{whole}.{micro:06d},", segment_name(number)]
    if complete:
        lines.append(_END)
    return "\n".join(lines) + "\n"


def master_playlist(variants: Sequence[Variant]) -> str:
    """Return a family's master playlist, the first variant being the one that players begin with.

    Addresses are relative, so that a signature in the path before them carries over.
    """
    lines = [*_HEAD, "#EXT-X-INDEPENDENT-SEGMENTS"]
    for variant in variants:
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={variant.bandwidth.peak},AVERAGE-BANDWIDTH={variant.bandwidth.average},"
            f'CODECS="{variant.codecs}"'
        )
        lines.append(f"{variant.folder}/index.m3u8")
    return "\n".join(lines) + "\n"


def bandwidth_of(segments: Sequence[Segment], *, timescale: int) -> Bandwidth:
    """Return what so many segments take, rounded up to whole bits per second.

    A last segment of less than half a segment's length does not count for the peak: a few frames with their header
    would make any rung look heavy.
    """
    ticks = sum(segment.ticks for segment in segments)
    full = [segment for segment in segments if 2 * segment.ticks >= SEGMENT_S * timescale] or segments
    peak = max(-(-segment.size * 8 * timescale // segment.ticks) for segment in full)
    return Bandwidth(average=-(-sum(segment.size for segment in segments) * 8 * timescale // ticks), peak=peak)


def listed_segments(playlist: str) -> int:
    """Return how many segments a playlist of ours lists."""
    return playlist.count("#EXTINF:")


def is_ended(playlist: str) -> bool:
    """Say whether a playlist of ours lists everything there will be."""
    return _END in playlist


def _target(segments: Sequence[Segment], timescale: int) -> int:
    """Return the target duration: constant from the first listing on, and no EXTINF rounds to more."""
    longest = max((segment.ticks for segment in segments), default=0)
    return max(SEGMENT_S, (2 * longest + timescale) // (2 * timescale))
