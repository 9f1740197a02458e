"""Peaks of a stream of samples, taken as it passes: the outline of the waveform, and the exact count of samples."""

from __future__ import annotations

import asyncio
from typing import Final

import numpy as np
import numpy.typing as npt

PER_S: Final = 100
"""Stretches per second: ten milliseconds each."""
_READ_BYTES: Final = 1 << 20


class Peaks:
    """What was heard so far: samples per channel, and the loudest sample of each stretch."""

    def __init__(self, *, sample_rate: int, channels: int) -> None:
        self.samples = 0
        self.sample_rate = sample_rate
        self._channels = channels
        self._stretch = sample_rate // PER_S * channels
        self._peaks: list[npt.NDArray[np.int32]] = []
        self._rest = b""

    def hear(self, data: bytes) -> None:
        """Take in more 16-bit little-endian samples, cut anywhere."""
        data = self._rest + data
        whole = len(data) // (2 * self._stretch) * 2 * self._stretch
        self._rest = data[whole:]
        self._take(np.frombuffer(data[:whole], "<i2").reshape(-1, self._stretch))

    def finish(self) -> list[int]:
        """Return the peaks, 0 to 32768, a shorter last stretch included."""
        rest = np.frombuffer(self._rest[: len(self._rest) // (2 * self._channels) * 2 * self._channels], "<i2")
        if len(rest):
            self._take(rest.reshape(1, -1))
        self._rest = b""
        return [int(peak) for peaks in self._peaks for peak in peaks]

    def _take(self, stretches: npt.NDArray[np.int16]) -> None:
        if stretches.size:
            self.samples += stretches.size // self._channels
            highest, lowest = stretches.max(axis=1).astype(np.int32), stretches.min(axis=1).astype(np.int32)
            self._peaks.append(np.maximum(highest, -lowest))


async def listen(reader: asyncio.StreamReader, peaks: Peaks) -> None:
    """Hear a stream to its end."""
    while data := await reader.read(_READ_BYTES):
        peaks.hear(data)
