"""Small sound files, good and bad, made by ffmpeg, by numpy, or byte by byte."""

from __future__ import annotations

import functools
import struct
import subprocess
from pathlib import Path
from typing import Final

import pytest

FFMPEG: Final = "/usr/bin/ffmpeg"
"""Debian's, as an independent maker and judge; the product runs the wheel's."""
SINGULARITY: Final = Path("/usr/share/games/singularity/music")
ASC: Final = Path("/usr/share/games/asc/music")


def real_song(name: str) -> Path:
    """Return a song of Debian's singularity-music or asc-music; the test is skipped where they are not installed."""
    for folder in (SINGULARITY, ASC):
        if (folder / name).is_file():
            return folder / name
    pytest.skip("needs apt install singularity-music asc-music")


def ffmpeg(*arguments: object) -> None:
    """Run Debian's ffmpeg, which must succeed."""
    subprocess.run([FFMPEG, "-v", "error", "-y", "-nostdin", *map(str, arguments)], check=True, timeout=110)


def tone(
    path: Path, *options: object, seconds: float = 6, hertz: int = 440, rate: int = 48_000, layout: str = "stereo"
) -> Path:
    """Write a tone with a slow beat, in the format of the name, with further ffmpeg options."""
    wave = f"0.4*sin(2*PI*{hertz}*t)*(1+0.5*sin(2*PI*0.5*t))"
    source = f"aevalsrc=exprs={'|'.join([wave] * _channels(layout))}"
    ffmpeg("-f", "lavfi", "-i", f"{source}:s={rate}:d={seconds}:c={layout}", *options, path)
    return path


def silence(path: Path, *options: object, seconds: float, rate: int = 8_000, layout: str = "mono") -> Path:
    """Write digital silence."""
    ffmpeg("-f", "lavfi", "-i", f"anullsrc=r={rate}:cl={layout}", "-t", seconds, *options, path)
    return path


def decoded(path: Path, *options: str, form: str = "s16le") -> bytes:
    """Return the samples that Debian's ffmpeg decodes a file or playlist to."""
    command = [FFMPEG, "-v", "error", "-nostdin", "-i", str(path), *options, "-f", form, "-"]
    return subprocess.run(command, check=True, capture_output=True, timeout=110).stdout


def flac_of_silence(path: Path, *, seconds: int, rate: int = 192_000, declared_samples: int | None = None) -> Path:
    """Write a stereo FLAC of silence frame by frame: a bomb, since a second of it takes some 50 bytes.

    Args:
        path: where to.
        seconds: how much it decodes to.
        rate: 192,000 or 48,000 Hz.
        declared_samples: what the header claims; None for the truth, 0 for "unknown".

    Source: RFC 9639, sections 8.2 (streaminfo), 9.1 (frame header), 9.2.2 (constant subframe).
    """
    block = 65_535
    total = seconds * rate // block * block
    declared = total if declared_samples is None else declared_samples
    packed = rate << 44 | 1 << 41 | 15 << 36 | declared
    info = struct.pack(">HH", block, block) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    code = {192_000: 3, 48_000: 10}[rate]
    with path.open("wb") as out:
        out.write(b"fLaC" + bytes([0x80, 0, 0, len(info)]) + info)
        for number in range(total // block):
            head = bytes([0xFF, 0xF8, 0x70 | code, 0x18]) + _coded_number(number) + struct.pack(">H", block - 1)
            head += bytes([_crc8(head)])
            frame = head + bytes([0x00, 0, 0, 0x00, 0, 0])
            out.write(frame + struct.pack(">H", _crc16(frame)))
    return path


def _channels(layout: str) -> int:
    return {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8}[layout]


def _coded_number(number: int) -> bytes:
    """Return a frame number as FLAC writes it: UTF-8, extended."""
    return chr(number).encode("utf-8", "surrogatepass")


@functools.cache
def _table(polynomial: int, bits: int) -> tuple[int, ...]:
    top = 1 << bits - 1
    table = []
    for byte in range(256):
        rest = byte << bits - 8
        for _ in range(8):
            rest = (rest << 1 ^ polynomial if rest & top else rest << 1) & (1 << bits) - 1
        table.append(rest)
    return tuple(table)


def _crc8(data: bytes) -> int:
    rest = 0
    for byte in data:
        rest = _table(0x07, 8)[rest ^ byte]
    return rest


def _crc16(data: bytes) -> int:
    rest = 0
    for byte in data:
        rest = (rest << 8 & 0xFFFF) ^ _table(0x8005, 16)[rest >> 8 ^ byte]
    return rest
