"""Running ffmpeg over a master: the first rung with all measures, then the further rungs.

Two runs, not one and not one per rung. The encoders take nine tenths of the time, so a shared decoder saves a twentieth;
what counts is that the first segment does not wait for encoders that nobody listens to yet, and that a fault in a later
rung leaves what plays alone. Within a run ffmpeg gives each encoder a thread.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vibestream.contexts.music.packaging.domain.ladder import Rung
from vibestream.contexts.music.packaging.domain.measures import FINGERPRINT_S, Measures, loudness_of, outline
from vibestream.contexts.music.packaging.domain.reasons import Reason, Refused
from vibestream.contexts.music.packaging.domain.source import Source, falls_short, longest_ms
from vibestream.contexts.music.packaging.gateway import commands
from vibestream.contexts.music.packaging.gateway.faults import MachineFault, check_ending
from vibestream.platform.media.child import Child, Ending, read_all, running
from vibestream.platform.media.fmp4 import MalformedStream
from vibestream.platform.media.sandbox import Limits, Program, Sandbox

if TYPE_CHECKING:
    from vibestream.contexts.music.packaging.gateway.waveform import Peaks

Publish = Callable[[Rung, asyncio.StreamReader], Awaitable[None]]
"""Takes a rung's stream of fragmented MP4 and keeps it."""

_SLACK_S: Final = 1
"""Decoded beyond the longest track, to see that it is longer."""
_LEAST_CPU_S: Final = 60
_CPU_PER_SOUND: Final = 0.5
"""Processor seconds per second of sound; the whole ladder takes a tenth of that."""
_WALL_PER_CPU: Final = 6
_FINGERPRINT_BYTES: Final = FINGERPRINT_S * 64
"""Twice what Chromaprint gives: eight items of four bytes a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A master to be encoded, and with what."""

    sandbox: Sandbox
    ffmpeg: Program
    path: Path
    source: Source
    max_track_minutes: int

    @property
    def limit_s(self) -> float:
        """Return how much is decoded at most."""
        return longest_ms(self.source, max_track_minutes=self.max_track_minutes) / 1000 + _SLACK_S

    @property
    def limits(self) -> Limits:
        """Return the ceilings of one run over this master."""
        declared = self.source.declared_ms
        sound_s = self.limit_s if declared is None else declared / 1000
        cpu_s = _LEAST_CPU_S + int(sound_s * _CPU_PER_SOUND)
        return Limits(cpu_s=cpu_s, wall_s=cpu_s * _WALL_PER_CPU)


async def encode_first(job: Job, rung: Rung, publish: Publish) -> Measures:
    """Make the first rung and measure the whole source.

    Raises:
        Refused: the master cannot be decoded.
        MachineFault: ffmpeg was interrupted.
    """
    fingerprinted = await asyncio.to_thread(_makes_fingerprints, job.ffmpeg.executable)
    arguments = commands.first_rung(job.source, rung, path=job.path, limit_s=job.limit_s, fingerprint=fingerprinted)
    # A web server knows this module and encodes nothing: numpy, a quarter of a second, is the worker's alone.
    from vibestream.contexts.music.packaging.gateway.waveform import Peaks, listen

    peaks = Peaks(sample_rate=rung.sample_rate, channels=rung.channels)
    fingerprint = b""

    async def keep_fingerprint(reader: asyncio.StreamReader) -> None:
        nonlocal fingerprint
        fingerprint = await read_all(reader, limit_bytes=_FINGERPRINT_BYTES)

    async with _ffmpeg(job, arguments, pipes=3 if fingerprinted else 2) as child:
        work = [publish(rung, child.pipes[0]), listen(child.pipes[1], peaks)]
        if fingerprinted:
            work.append(keep_fingerprint(child.pipes[2]))
        try:
            ending = await _consume(child, work)
        except Refused as refused:
            raise _missing(refused, peaks, job.source) from refused
    return Measures(
        samples=peaks.samples,
        sample_rate=rung.sample_rate,
        loudness=loudness_of(ending.complaints),
        waveform=outline(peaks.finish()),
        fingerprint=fingerprint,
    )


async def encode_further(job: Job, rungs: Sequence[Rung], publish: Publish) -> None:
    """Make further rungs, side by side.

    Raises:
        Refused: the master cannot be decoded.
        MachineFault: ffmpeg was interrupted.
    """
    arguments = commands.further_rungs(job.source, rungs, path=job.path, limit_s=job.limit_s)
    async with _ffmpeg(job, arguments, pipes=len(rungs)) as child:
        await _consume(child, [publish(rung, pipe) for rung, pipe in zip(rungs, child.pipes, strict=True)])


def _missing(refused: Refused, peaks: Peaks, source: Source) -> Refused:
    """Return the better reason: a decoder's error at the end of half a song means that the other half is missing."""
    peaks.finish()
    decoded_ms = peaks.samples * 1000 // peaks.sample_rate
    if refused.reason is Reason.DAMAGED and falls_short(decoded_ms, source=source):
        return Refused(Reason.TRUNCATED)
    return refused


def _ffmpeg(job: Job, arguments: Sequence[str], *, pipes: int) -> AbstractAsyncContextManager[Child]:
    return running(job.sandbox, job.ffmpeg, arguments, reads=[job.path], pipes=pipes, limits=job.limits)


async def _consume(child: Child, work: Sequence[Awaitable[None]]) -> Ending:
    """Do the work on a child's pipes until it and the child have ended, and say how the child ended.

    When one piece of work fails, the child is ended and the others see the ends of their pipes. Why the child ended
    badly goes before that its streams were cut off.
    """
    tasks = [asyncio.ensure_future(piece) for piece in work]
    try:
        _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        if pending:
            child.kill()
            await asyncio.wait(pending)
        ending = await child.ended()
    finally:
        for task in tasks:
            task.cancel()
        failures = await asyncio.gather(*tasks, return_exceptions=True)
    broken = [failure for failure in failures if isinstance(failure, BaseException)]
    for failure in broken:
        if not isinstance(failure, MalformedStream):
            raise failure
    check_ending(ending)
    if broken:
        raise MachineFault(why=f"ffmpeg's output: {broken[0]}")
    return ending


_fingerprints: dict[Path, bool] = {}


def _makes_fingerprints(ffmpeg: Path) -> bool:
    """Say whether this ffmpeg was built with Chromaprint; asked once per process, with no file from anybody."""
    if ffmpeg not in _fingerprints:
        asked = subprocess.run(
            [ffmpeg, "-hide_banner", "-v", "quiet", "-muxers"], capture_output=True, text=True, check=False, timeout=30
        )
        _fingerprints[ffmpeg] = " chromaprint " in asked.stdout
    return _fingerprints[ffmpeg]
