"""What is measured while the first rung is made: loudness, the waveform's outline, the fingerprint."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WAVEFORM_POINTS: Final = 1_800
"""Points of a waveform's outline: two per pixel of the widest player."""
FINGERPRINT_S: Final = 120
"""Seconds from the beginning that the fingerprint covers. Source: Chromaprint's fpcalc, its default length."""
_SILENCE_LUFS: Final = -70.0
"""ITU-R BS.1770-4's absolute gate: a programme that never exceeds it has no loudness."""
_NUMBER: Final = r"(-?\d+(?:\.\d+)?|-inf|nan)"
_INTEGRATED: Final = re.compile(rf"^\s+I:\s+{_NUMBER} LUFS$", re.MULTILINE)
_RANGE: Final = re.compile(rf"^\s+LRA:\s+{_NUMBER} LU$", re.MULTILINE)
_PEAK: Final = re.compile(rf"^\s+Peak:\s+{_NUMBER} dBFS$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """EBU R 128 measures of what is played; None where silence leaves nothing to measure."""

    integrated_lufs: float | None
    range_lu: float | None
    true_peak_dbtp: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """All that decoding the whole source told."""

    samples: int
    """Samples per channel at `sample_rate`: the exact length of what is played."""
    sample_rate: int
    loudness: Loudness
    waveform: bytes
    """The outline: the loudest sample of each of up to 1,800 equal stretches, 0 to 255 of full scale."""
    fingerprint: bytes
    """Chromaprint's raw fingerprint, 32-bit little-endian items of 1/8 s each; empty when this ffmpeg makes none."""

    @property
    def duration_ms(self) -> int:
        """Return the length, to the nearest millisecond."""
        return (2000 * self.samples + self.sample_rate) // (2 * self.sample_rate)


def loudness_of(report: str) -> Loudness:
    """Read the summary that ffmpeg's ebur128 filter prints when it ends; the last one counts."""
    integrated = _last(_INTEGRATED, report)
    return Loudness(
        integrated_lufs=None if integrated is None or integrated <= _SILENCE_LUFS else integrated,
        range_lu=None if integrated is None or integrated <= _SILENCE_LUFS else _last(_RANGE, report),
        true_peak_dbtp=_last(_PEAK, report),
    )


def outline(peaks: Sequence[int], *, points: int = WAVEFORM_POINTS) -> bytes:
    """Return the waveform's outline from finer peaks.

    Args:
        peaks: the loudest sample of equal short stretches, 0 to 32768.
        points: how many at most; shorter sound gives one per stretch.
    """
    count = min(points, len(peaks))
    edges = [len(peaks) * index // count for index in range(count + 1)] if count else []
    return bytes(max(peaks[start:end]) * 255 // 32_768 for start, end in itertools.pairwise(edges))


def _last(pattern: re.Pattern[str], report: str) -> float | None:
    found = pattern.findall(report)
    if not found or found[-1] in {"-inf", "nan"}:
        return None
    return float(found[-1])
