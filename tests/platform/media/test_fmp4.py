"""Splitting fragmented MP4: what ffmpeg really writes, and what nobody should."""

from __future__ import annotations

import asyncio
import struct
import subprocess

import pytest

from tests.factories.sounds import FFMPEG
from vibestream.platform.media.fmp4 import MOST_BOX_BYTES, Fragment, Initialisation, MalformedStream, fragments


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def moov(timescale: int = 48_000, *, edit: int | None = None, version: int = 0) -> bytes:
    times = bytes(16 if version else 8) + struct.pack(">I", timescale) + bytes(12)
    header = box(b"mdhd", bytes([version, 0, 0, 0]), times)
    edits = b"" if edit is None else box(b"edts", box(b"elst", bytes(4), struct.pack(">IIiI", 1, 0, edit, 1 << 16)))
    return box(b"moov", box(b"trak", edits, box(b"mdia", header)))


def moof(samples: int, *, default: int | None = 1024, each: list[int] | None = None) -> bytes:
    tfhd = struct.pack(">II", 0x20008 if default is not None else 0x20000, 1) + (
        b"" if default is None else struct.pack(">I", default)
    )
    flags = 0x101 if each else 0x1
    trun = struct.pack(">III", flags, samples, 0) + b"".join(struct.pack(">I", one) for one in each or [])
    return box(b"moof", box(b"mfhd", bytes(8)), box(b"traf", box(b"tfhd", tfhd), box(b"trun", trun)))


FTYP = box(b"ftyp", b"iso5", bytes(4))


async def split(data: bytes, *, step: int = 7) -> list[Initialisation | Fragment]:
    reader = asyncio.StreamReader()
    for at in range(0, len(data), step):
        reader.feed_data(data[at : at + step])
    reader.feed_eof()
    return [part async for part in fragments(reader)]


async def test_what_ffmpeg_writes_is_split_where_players_need_it():
    command = [FFMPEG, "-v", "error", "-f", "lavfi", "-i", "sine=d=9:r=48000", "-c:a", "aac", "-f", "mp4", "-movflags"]
    command += ["+delay_moov+default_base_moof+skip_trailer", "-frag_duration", "4000000", "pipe:1"]
    stream = subprocess.run(command, capture_output=True, check=True).stdout

    first, *rest = await split(stream, step=10_000)

    assert isinstance(first, Initialisation)
    assert (first.timescale, first.delay) == (48_000, 1_024)
    assert [part.duration for part in rest if isinstance(part, Fragment)] == [
        188 * 1024,
        188 * 1024,
        48_000 * 9 + 1024 - 376 * 1024,
    ]
    assert b"".join([first.data, *(part.data for part in rest)]) == stream


async def test_durations_are_a_samples_default_or_its_own():
    media = box(b"mdat", b"sound")
    parts = await split(
        FTYP + moov(version=1, edit=2112) + moof(3) + media + moof(2, default=None, each=[1024, 500]) + media
    )

    assert parts == [
        Initialisation(FTYP + moov(version=1, edit=2112), 48_000, 2112),
        Fragment(moof(3) + media, 3072),
        Fragment(moof(2, default=None, each=[1024, 500]) + media, 1524),
    ]


async def test_nothing_comes_of_nothing():
    assert await split(b"") == []


@pytest.mark.parametrize(
    "stream",
    [
        b"\0\0",
        FTYP[:-1],
        box(b"free", b""),
        moof(1) + box(b"mdat", b""),
        FTYP + moov() + box(b"mdat", b""),
        FTYP + moov() + moof(1),
        FTYP + moov() + moof(1) + moof(1) + box(b"mdat", b""),
        FTYP + moov() + moov(),
        FTYP + box(b"moov", b""),
        FTYP + moov(timescale=0),
        FTYP
        + moov()
        + box(b"moof", box(b"traf", box(b"tfhd", bytes(8)), box(b"trun", struct.pack(">II", 0x101, 2**31))))
        + box(b"mdat", b""),
        FTYP + moov() + box(b"moof", struct.pack(">I4s", 2**31, b"traf")) + box(b"mdat", b""),
        FTYP + struct.pack(">I4s", MOST_BOX_BYTES + 1, b"moov"),
        FTYP + struct.pack(">I4s", 7, b"moov"),
        FTYP + struct.pack(">I4s", 1, b"moov") + struct.pack(">Q", 2**40),
    ],
)
async def test_any_other_stream_is_refused_without_reading_on(stream):
    with pytest.raises(MalformedStream):
        await split(stream)
