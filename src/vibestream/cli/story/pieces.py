"""Three short original pieces, synthesised: something to upload and hear where no music is at hand.

Additive tones and plucked strings (Karplus and Strong, 1983), mixed to 16-bit stereo WAV at 44.1 kHz. The same piece is
the same file on every machine, byte for byte, apart from differences in floating-point libraries.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 44_100
_PEAK: Final = 0.7

Samples = NDArray[np.float64]
Instrument = Callable[[float, float], Samples]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece: its title, tempo, and the chords that it walks through, each as MIDI note numbers."""

    title: str
    beats_per_minute: int
    chords: tuple[tuple[int, ...], ...]
    lead: Instrument
    pattern: tuple[int, ...]
    """Which note of the chord each eighth plays; -1 rests."""


def synthesise(piece: Piece) -> bytes:
    """Render a piece as a WAV file."""
    eighth_s = 30 / piece.beats_per_minute
    bar_s = eighth_s * len(piece.pattern)
    track = np.zeros((int((bar_s * len(piece.chords) + 2.0) * RATE), 2))
    for bar, chord in enumerate(piece.chords):
        at = bar * bar_s
        for note in chord:
            _mix(track, _pad(_hertz(note), bar_s * 1.1), at, gain=0.10, pan=(note % 5) / 4)
        _mix(track, _bass(_hertz(chord[0] - 12), bar_s * 0.9), at, gain=0.35, pan=0.5)
        for step, index in enumerate(piece.pattern):
            if index >= 0:
                lift = 12 * (index // len(chord))
                note = chord[index % len(chord)] + 12 + lift
                _mix(
                    track,
                    piece.lead(_hertz(note), eighth_s * 3),
                    at + step * eighth_s,
                    gain=0.30,
                    pan=0.3 + 0.4 * (step % 2),
                )
    return _wav(_faded(track))


def write_all(folder: Path) -> list[Path]:
    """Write every piece into a folder as `NN Title.wav` and return the files in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, piece in enumerate(PIECES, 1):
        file = folder / f"{number:02} {piece.title}.wav"
        file.write_bytes(synthesise(piece))
        files.append(file)
    return files


def _hertz(note: float) -> float:
    return float(440.0 * 2.0 ** ((note - 69) / 12))


def _time(seconds: float) -> Samples:
    return np.arange(int(seconds * RATE)) / RATE


def _pad(hertz: float, seconds: float) -> Samples:
    t = _time(seconds)
    tone = sum(np.sin(2 * np.pi * hertz * k * (1 + 0.0008 * k) * t) / k**1.6 for k in range(1, 6))
    swell = np.clip(t / 0.6, 0, 1) * np.clip((seconds - t) / 0.8, 0, 1)
    return np.asarray(tone * swell)


def _bass(hertz: float, seconds: float) -> Samples:
    t = _time(seconds)
    return np.asarray(
        (np.sin(2 * np.pi * hertz * t) + 0.3 * np.sin(4 * np.pi * hertz * t))
        * np.exp(-1.2 * t)
        * np.clip(t / 0.01, 0, 1)
    )


def _bell(hertz: float, seconds: float) -> Samples:
    t = _time(seconds)
    partials = ((1.0, 1.0, 3.0), (2.76, 0.4, 6.0), (5.4, 0.2, 9.0))
    tone = sum(gain * np.sin(2 * np.pi * hertz * ratio * t) * np.exp(-fall * t) for ratio, gain, fall in partials)
    return np.asarray(tone * np.clip(t / 0.004, 0, 1))


def _pluck(hertz: float, seconds: float) -> Samples:
    period = max(2, round(RATE / hertz))
    rng = np.random.default_rng(period)
    ring = rng.uniform(-1, 1, period)
    turns = int(seconds * RATE) // period + 1
    out = np.empty((turns, period))
    for turn in range(turns):
        out[turn] = ring
        ring = 0.996 * 0.5 * (ring + np.roll(ring, 1))
    return np.asarray(out.reshape(-1)[: int(seconds * RATE)])


def _mix(track: Samples, sound: Samples, at_s: float, *, gain: float, pan: float) -> None:
    start = int(at_s * RATE)
    stop = min(start + len(sound), len(track))
    part = sound[: stop - start] * gain
    track[start:stop, 0] += part * np.cos(pan * np.pi / 2)
    track[start:stop, 1] += part * np.sin(pan * np.pi / 2)


def _faded(track: Samples) -> Samples:
    tail = min(len(track), 2 * RATE)
    track[-tail:] *= np.linspace(1, 0, tail)[:, None]
    return np.asarray(track * (_PEAK / np.max(np.abs(track))))


def _wav(track: Samples) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((track * 32_767).astype("<i2").tobytes())
    return out.getvalue()


PIECES: Final = (
    Piece(
        "Salt air",
        96,
        ((50, 57, 60, 65), (46, 53, 58, 62), (53, 57, 60, 69), (48, 55, 60, 64)) * 2,
        _pluck,
        (0, 2, 1, 3, 4, 3, 1, 2),
    ),
    Piece(
        "Paper lanterns",
        84,
        ((45, 52, 57, 60), (41, 48, 57, 60), (48, 52, 55, 64), (43, 50, 55, 59)) * 2,
        _bell,
        (4, -1, 2, -1, 5, -1, 3, -1),
    ),
    Piece(
        "Night bus",
        110,
        ((40, 47, 55, 59), (40, 47, 55, 62), (45, 52, 55, 60), (47, 54, 57, 62)) * 2,
        _pluck,
        (0, 0, 4, 0, 3, 0, 5, 2),
    ),
)
