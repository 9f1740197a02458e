"""What an original says it is, and whether that may be decoded at all."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.music.packaging.domain.reasons import Reason, Refused

MIN_SAMPLE_RATE: Final = 8_000
MAX_SAMPLE_RATE: Final = 192_000
MAX_CHANNELS: Final = 8
MIN_DURATION_MS: Final = 1_000
DECODED_SAMPLES_PER_S: Final = 96_000 * 2
"""A track of the greatest length may decode to this many samples per second of that length: 96 kHz stereo."""
CUT_OFF_MS: Final = 500
"""How much less than declared may be decoded: encoder delays and rounded headers stay far below."""


class Container(enum.StrEnum):
    """The file formats that are taken, found by their first bytes, never by a name."""

    FLAC = "flac"
    WAV = "wav"
    AIFF = "aiff"
    MP3 = "mp3"
    MP4 = "mp4"
    OGG = "ogg"


class Codec(enum.StrEnum):
    """How the sound inside is coded."""

    FLAC = "flac"
    PCM = "pcm"
    ALAC = "alac"
    MP3 = "mp3"
    AAC = "aac"
    VORBIS = "vorbis"
    OPUS = "opus"

    @property
    def lossless(self) -> bool:
        """Whether decoding gives back what was encoded."""
        return self in {Codec.FLAC, Codec.PCM, Codec.ALAC}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The facts of an original, as its headers state them."""

    container: Container
    codec: Codec
    sample_rate: int
    """Hertz."""
    channels: int
    bits: int | None
    """Bits per sample of a lossless source, None for a lossy one."""
    declared_ms: int | None
    """None when the headers do not say."""
    exact: bool
    """Whether the declared length counts samples, so that a shorter decode means a file that was cut off."""
    bitrate_bps: int
    """Bits of file per second of sound; 0 when the length is unknown."""

    @property
    def lossless(self) -> bool:
        """Whether it holds the sound as it was mastered."""
        return self.codec.lossless


def check_source(source: Source, *, max_track_minutes: int) -> None:
    """Return when the source may be decoded: checked before anything is.

    Raises:
        Refused: the sound is too long, too short, or decodes to more than a track may.
    """
    if source.channels < 1:
        raise Refused(Reason.NO_SOUND)
    if not MIN_SAMPLE_RATE <= source.sample_rate <= MAX_SAMPLE_RATE:
        raise Refused(Reason.SAMPLE_RATE)
    if source.channels > MAX_CHANNELS:
        raise Refused(Reason.CHANNELS)
    if source.declared_ms is not None:
        check_duration(source.declared_ms, source=source, max_track_minutes=max_track_minutes)


def check_duration(duration_ms: int, *, source: Source, max_track_minutes: int) -> None:
    """Return when so much of this sound is a track.

    Raises:
        Refused: too short, too long, or too many samples.
    """
    if duration_ms < MIN_DURATION_MS:
        raise Refused(Reason.TOO_SHORT)
    if duration_ms > max_track_minutes * 60_000:
        raise Refused(Reason.TOO_LONG)
    if duration_ms > longest_ms(source, max_track_minutes=max_track_minutes):
        raise Refused(Reason.TOO_MUCH_SOUND)


def longest_ms(source: Source, *, max_track_minutes: int) -> int:
    """Return how much of this source may be decoded at most, in milliseconds."""
    budget = max_track_minutes * 60 * DECODED_SAMPLES_PER_S
    return min(max_track_minutes * 60_000, budget * 1000 // (source.sample_rate * source.channels))


def check_decoded(decoded_ms: int, *, source: Source, max_track_minutes: int) -> None:
    """Return when what was really decoded is a track, and all of what the header promised.

    Raises:
        Refused: it ends early (cut off), or is too short or too long after all.
    """
    if decoded_ms == 0:
        raise Refused(Reason.NO_SOUND)
    if falls_short(decoded_ms, source=source):
        raise Refused(Reason.TRUNCATED)
    check_duration(decoded_ms, source=source, max_track_minutes=max_track_minutes)


def falls_short(decoded_ms: int, *, source: Source) -> bool:
    """Say whether less was decoded than the headers count."""
    return source.exact and source.declared_ms is not None and decoded_ms < source.declared_ms - CUT_OFF_MS
