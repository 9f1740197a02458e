"""Splitting a stream of fragmented MP4 into what a player loads: one initialisation, then fragment by fragment.

The stream comes from a program that read a stranger's file, so its sizes are believed only up to a bound, and anything
but the boxes we asked for ends the reading.

Source: ISO/IEC 14496-12, sections 4.2 (box), 8.4.2 (mdhd), 8.6.6 (elst), 8.8.7 (tfhd), 8.8.8 (trun).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput

MOST_BOX_BYTES: Final = 64 * 1024**2
"""Four seconds of 192 kHz, eight channels, 24 bit are 18 MiB even if FLAC gained nothing."""

_HEADER: Final = 8
_TFHD_BASE_DATA_OFFSET: Final = 0x1
_TFHD_DESCRIPTION: Final = 0x2
_TFHD_DURATION: Final = 0x8
_TRUN_DATA_OFFSET: Final = 0x1
_TRUN_FIRST_FLAGS: Final = 0x4
_TRUN_PER_SAMPLE: Final = (0x100, 0x200, 0x400, 0x800)
_TRUN_DURATION: Final = 0x100


class MalformedStream(InvalidInput):
    """A stream is not the fragmented MP4 that was asked for."""

    code: ClassVar[str] = "media.malformed_stream"


@dataclass(frozen=True, slots=True)
class Initialisation:
    """What a player needs before any fragment: `ftyp` and `moov`."""

    data: bytes
    timescale: int
    """Ticks per second in which fragments count."""
    delay: int
    """Ticks at the beginning that its edit list tells players to skip: what the encoder put before the sound."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """One `moof` and its `mdat`, decodable by itself after the initialisation."""

    data: bytes
    duration: int
    """In ticks of the timescale."""


async def fragments(reader: asyncio.StreamReader) -> AsyncIterator[Initialisation | Fragment]:
    """Yield the initialisation, then each fragment as soon as it is complete; an empty stream yields nothing.

    Raises:
        MalformedStream: another box, an impossible size, or an end in the middle.
    """
    head = b""
    begun = False
    while (box := await _box(reader)) is not None:
        kind, data = box
        match kind:
            case b"ftyp" if not begun and not head:
                head = data
            case b"moov" if not begun:
                begun = True
                yield Initialisation(head + data, _timescale(data), _delay(data))
                head = b""
            case b"moof" if begun and not head:
                head = data
            case b"mdat" if begun and head:
                yield Fragment(head + data, _duration(head))
                head = b""
            case _:
                raise MalformedStream(f"A box {kind!r} where none belongs.")
    if head:
        raise MalformedStream("The stream ends in the middle of a fragment.")


async def _box(reader: asyncio.StreamReader) -> tuple[bytes, bytes] | None:
    try:
        header = await reader.readexactly(_HEADER)
        size, kind = struct.unpack(">I4s", header)
        if not _HEADER <= size <= MOST_BOX_BYTES:
            raise MalformedStream(f"A box {kind!r} of {size} bytes.")
        return kind, header + await reader.readexactly(size - _HEADER)
    except asyncio.IncompleteReadError as error:
        if not error.partial and error.expected == _HEADER:
            return None
        raise MalformedStream("The stream ends in the middle of a box.") from None


def _timescale(moov: bytes) -> int:
    try:
        box = moov
        for kind in (b"trak", b"mdia", b"mdhd"):
            box = next(_children(box, kind))
        version = box[_HEADER]
        (timescale,) = struct.unpack_from(">I", box, _HEADER + (20 if version == 1 else 12))
    except (StopIteration, IndexError, struct.error):
        raise MalformedStream("The initialisation has no media header.") from None
    if timescale == 0:
        raise MalformedStream("The timescale is zero.")
    return int(timescale)


def _delay(moov: bytes) -> int:
    """Return the media time at which the last edit begins; 0 without an edit list."""
    try:
        edits = next(_children(next(_children(next(_children(moov, b"trak")), b"edts")), b"elst"))
    except StopIteration:
        return 0
    try:
        (entries,) = struct.unpack_from(">I", edits, _HEADER + 4)
        long = edits[_HEADER] == 1
        size = 20 if long else 12
        at = _HEADER + 8 + (entries - 1) * size + (8 if long else 4)
        (begins,) = struct.unpack_from(">q" if long else ">i", edits, at)
    except (IndexError, struct.error):
        raise MalformedStream("The edit list is not whole.") from None
    return max(int(begins), 0)


def _duration(moof: bytes) -> int:
    try:
        track = next(_children(moof, b"traf"))
        default = _default_duration(next(_children(track, b"tfhd")))
        return sum(_run_duration(run, default) for run in _children(track, b"trun"))
    except (StopIteration, IndexError, struct.error):
        raise MalformedStream("A fragment's header is not whole.") from None


def _default_duration(tfhd: bytes) -> int:
    (flags,) = struct.unpack_from(">I", tfhd, _HEADER)
    if not flags & _TFHD_DURATION:
        return 0
    at = _HEADER + 8 + (8 if flags & _TFHD_BASE_DATA_OFFSET else 0) + (4 if flags & _TFHD_DESCRIPTION else 0)
    (duration,) = struct.unpack_from(">I", tfhd, at)
    return int(duration)


def _run_duration(trun: bytes, default: int) -> int:
    flags, samples = struct.unpack_from(">II", trun, _HEADER)
    if not flags & _TRUN_DURATION:
        return int(samples * default)
    at = _HEADER + 8 + (4 if flags & _TRUN_DATA_OFFSET else 0) + (4 if flags & _TRUN_FIRST_FLAGS else 0)
    step = 4 * sum(1 for flag in _TRUN_PER_SAMPLE if flags & flag)
    return sum(struct.unpack_from(">I", trun, at + step * sample)[0] for sample in range(samples))


def _children(box: bytes, kind: bytes) -> Iterator[bytes]:
    """Yield the direct children of one kind in a box without fields of its own."""
    at = _HEADER
    while at + _HEADER <= len(box):
        size, found = struct.unpack_from(">I4s", box, at)
        if not _HEADER <= size <= len(box) - at:
            raise MalformedStream(f"A box {found!r} of {size} bytes inside one that ends sooner.")
        if found == kind:
            yield box[at : at + size]
        at += size
