"""What was served to which listen, gathered from single segments into runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vibestream.kernel.ids import ListenId, TrackId


@dataclass(frozen=True, slots=True)
class Served:
    """One segment that was sent whole for a listen."""

    listen_id: ListenId
    track_id: TrackId
    rung: str
    segment: int
    """Its number, from 1."""
    at_ms: int
    """Unix milliseconds."""


@dataclass(frozen=True, slots=True)
class Run:
    """Segments in a row, of one track and rung, that were sent for one listen; times are Unix milliseconds."""

    listen_id: ListenId
    track_id: TrackId
    rung: str
    first_segment: int
    last_segment: int
    first_at_ms: int
    last_at_ms: int


def gather(served: Iterable[Served]) -> list[Run]:
    """Return the fewest runs that hold exactly these segments; a segment that was sent again counts once."""
    runs: list[Run] = []
    for one in sorted(served, key=_place):
        last = runs[-1] if runs else None
        if last is not None and _continues(last, one):
            runs[-1] = Run(
                last.listen_id,
                last.track_id,
                last.rung,
                last.first_segment,
                one.segment,
                min(last.first_at_ms, one.at_ms),
                max(last.last_at_ms, one.at_ms),
            )
        else:
            runs.append(Run(one.listen_id, one.track_id, one.rung, one.segment, one.segment, one.at_ms, one.at_ms))
    return runs


def _place(one: Served) -> tuple[ListenId, TrackId, str, int]:
    return one.listen_id, one.track_id, one.rung, one.segment


def _continues(run: Run, one: Served) -> bool:
    same = (run.listen_id, run.track_id, run.rung) == (one.listen_id, one.track_id, one.rung)
    return same and one.segment in {run.last_segment, run.last_segment + 1}
