"""The ladder: which renditions a source gets. Never more than the source holds, lossless apart from lossy.

AAC-LC at 96, 160 and 320 kbit/s in one master playlist, a FLAC master in another: a player that switches between codecs
in one ladder stalls. 160 comes first, because most listeners hear it and it encodes at 60 times real time.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.music.packaging.domain.source import Source

LADDER_VERSION: Final = 1
"""Part of every asset's address: raise it whenever the same source would give other bytes."""
SEGMENT_S: Final = 4
_BITRATES: Final = (96_000, 160_000, 320_000)
_FIRST: Final = 160_000
_LOWEST_BPS: Final = 32_000
_MONO_MOST_BPS: Final = 160_000
"""AAC-LC ends at 6144 bits per channel and frame, 288 kbit/s for mono at 48 kHz; mono at 160 is what 320 is in stereo."""
_NOMINAL: Final = (21, 20)
"""A file counts as its nominal bitrate up to 5 % below it: a constant 320 measures 319.9, an average one 315."""
_FLAC_BITS: Final = (16, 24)


class Family(enum.StrEnum):
    """Renditions that players may switch between; each family has its own master playlist."""

    LOSSY = "lossy"
    LOSSLESS = "lossless"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One rendition to be made."""

    name: str
    """The folder it is kept in, such as `aac-160`; at most 16 characters, so that a numbered take fits."""
    family: Family
    bitrate_bps: int | None
    """What the encoder is asked for; None for FLAC, which takes what it needs."""
    sample_rate: int
    channels: int
    bits: int | None
    """Bits per sample of FLAC, None for AAC."""

    @property
    def codecs(self) -> str:
        """Return the CODECS attribute. Source: RFC 6381 for AAC-LC; Apple HLS authoring specification 1.5 for FLAC."""
        return "fLaC" if self.family is Family.LOSSLESS else "mp4a.40.2"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs of one source, in the order in which they are made."""

    first: Rung
    """Playable while it is being made."""
    rest: tuple[Rung, ...]

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Return every rung."""
        return (self.first, *self.rest)


def ladder_of(source: Source) -> Ladder:
    """Return the rungs that the source's quality allows.

    A lossy source gets no rung above its own bitrate; one below every rung gets the lowest at its own bitrate. A
    lossless source is capped by the bitrate of its samples, and gets the FLAC master beside. More than two channels are
    mixed down to stereo for AAC and kept in FLAC.
    """
    bitrates = _allowed(source)
    first = _FIRST if _FIRST in bitrates else max(bitrates)
    lossy = [_aac(source, nominal=nominal, bitrate_bps=bitrate) for nominal, bitrate in bitrates.items()]
    leading = next(rung for rung in lossy if rung.name == f"aac-{first // 1000}")
    rest = [rung for rung in lossy if rung is not leading]
    if source.lossless:
        rest.append(_flac(source))
    return Ladder(leading, tuple(rest))


def encoded_rate(sample_rate: int) -> int:
    """Return the sample rate of AAC: 44.1 kHz for its own family, else 48 kHz, so that resampling stays simple."""
    return 44_100 if sample_rate % 11_025 == 0 else 48_000


def _allowed(source: Source) -> Mapping[int, int]:
    """Return the bitrate to encode at by rung."""
    cap = source.bitrate_bps
    if source.lossless:
        cap = source.sample_rate * source.channels * (source.bits or _FLAC_BITS[0])
    if source.channels == 1:
        cap = min(cap or _MONO_MOST_BPS, _MONO_MOST_BPS)
    over, under = _NOMINAL
    fitting = {nominal: nominal for nominal in _BITRATES if cap == 0 or nominal * under <= cap * over}
    return fitting or {_BITRATES[0]: max(cap, _LOWEST_BPS)}


def _aac(source: Source, *, nominal: int, bitrate_bps: int) -> Rung:
    return Rung(
        name=f"aac-{nominal // 1000}",
        family=Family.LOSSY,
        bitrate_bps=bitrate_bps,
        sample_rate=encoded_rate(source.sample_rate),
        channels=min(source.channels, 2),
        bits=None,
    )


def _flac(source: Source) -> Rung:
    shallow, deep = _FLAC_BITS
    return Rung(
        name="flac",
        family=Family.LOSSLESS,
        bitrate_bps=None,
        sample_rate=source.sample_rate,
        channels=source.channels,
        bits=deep if (source.bits or shallow) > shallow else shallow,
    )
