"""How players send heartbeats, from a browser's timer to a script's arithmetic."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from vibestream.contexts.listen_reward.listening.domain import Beat, Playing

EVERY_MS: Final = 10_000
Player = Callable[[random.Random, int, int], list[Beat]]
"""Heartbeats of a listen of so many milliseconds of a track of so many, until well after it has counted."""

_UNTIL_MS: Final = 60_000
"""What comes after the listen has counted is not asked, so no more is made."""


def browser(rng: random.Random, plays_ms: int, duration_ms: int, *, hidden: float = 0.3) -> list[Beat]:
    """Send as our page does: a timer that is late by some milliseconds, a start that waits for the first segment."""
    lag = rng.randint(150, 1_500)
    visible = rng.random() >= hidden
    end = min(plays_ms, duration_ms, _UNTIL_MS)
    beats = [Beat(1, lag, 0, Playing.PLAYING, visible=visible)]
    clock = lag
    while clock - lag < end:
        late = rng.randint(0, 25) if visible else rng.choice((rng.randint(0, 30), rng.randint(0, 990)))
        clock += EVERY_MS + late
        position = min(clock - lag + rng.randint(-15, 5), duration_ms)
        state = Playing.PLAYING if clock - lag < min(plays_ms, duration_ms) else Playing.PAUSED
        beats.append(Beat(len(beats) + 1, clock, min(position, plays_ms), state, visible=visible))
    return beats


def background(rng: random.Random, plays_ms: int, duration_ms: int) -> list[Beat]:
    """Send as our page does in a tab that nobody looks at."""
    return browser(rng, plays_ms, duration_ms, hidden=1)


def lossy(rng: random.Random, plays_ms: int, duration_ms: int) -> list[Beat]:
    """Send as our page does on a train: playback stalls, somebody skips within the song, beats come late and together."""
    beats = browser(rng, plays_ms, duration_ms)
    stalled = 0
    out = []
    for beat in beats:
        if rng.random() < 0.25:  # noqa: PLR2004 - a quarter of the steps meet a tunnel
            stalled += rng.randint(500, 9_000)
        state = Playing.SEEKING if rng.random() < 0.05 else beat.state  # noqa: PLR2004 - now and then
        out.append(Beat(beat.seq, beat.at_ms + stalled, beat.position_ms, state, visible=beat.visible))
    return out


def app(rng: random.Random, plays_ms: int, duration_ms: int) -> list[Beat]:
    """Send as somebody's own player does, which reckons its position from its clock: exact, and honest all the same."""
    offset = rng.choice((0, 0, rng.randint(0, 400)))
    end = min(plays_ms, duration_ms, _UNTIL_MS)
    steps = range(0, end + EVERY_MS, EVERY_MS)
    return [Beat(n + 1, at + offset, min(at, end), Playing.PLAYING) for n, at in enumerate(steps)]


def scripted(rng: random.Random, plays_ms: int, duration_ms: int) -> list[Beat]:
    """Send as a farm's script does: exact steps with a little uniform noise, so that they do not look exact."""
    end = min(plays_ms, duration_ms, _UNTIL_MS)
    steps = range(0, end + EVERY_MS, EVERY_MS)
    noise = [0, *(rng.randint(-60, 60) for _ in steps)]
    return [
        Beat(n + 1, max(at + noise[n], 0), min(max(at + noise[n], 0), end), Playing.PLAYING)
        for n, at in enumerate(steps)
    ]


def faster(rng: random.Random, plays_ms: int, duration_ms: int) -> list[Beat]:
    """Send a listen of half a minute within three seconds."""
    end = min(plays_ms, duration_ms, _UNTIL_MS)
    return [
        Beat(n + 1, n * 1_000 + rng.randint(0, 50), at, Playing.PLAYING)
        for n, at in enumerate(range(0, end + EVERY_MS, EVERY_MS))
    ]


def replaying(recorded: list[Beat]) -> Player:
    """Return a player that sends one recorded session again, whatever is played."""
    return lambda _rng, _plays, _duration: recorded
