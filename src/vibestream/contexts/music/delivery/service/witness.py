"""Bearing witness: which segments this process sent for which listen, gathered in memory and written in batches.

A segment costs an append to a list. Once a second what was gathered becomes runs, is copied into the table, and is
announced in the same transaction. What is lost with a killed process is at most that second.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.delivery import store
from vibestream.contexts.music.delivery.domain.served import Run, Served, gather
from vibestream.contexts.music.events import SegmentsServed
from vibestream.contexts.music.packaging import service as packaging
from vibestream.kernel.ids import ListenId, TrackId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.outbox import publish

FLUSH_S: Final = 1.0
MOST_WAITING: Final = 200_000
"""Segments that wait while the database is away, some 40 MB; further ones are not remembered."""
_ROWS_PER_EVENT: Final = 500
_TIMELINES: Final = 10_000
_log = structlog.get_logger()


class Witness:
    """What one process served and has not written yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._timelines = Timelines()
        self._waiting: list[Served] = []
        self._forgotten = 0

    def note(self, served: Served) -> None:
        """Remember that a segment was sent whole."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(served)
        else:
            self._forgotten += 1

    async def flush(self) -> None:
        """Write down and announce what was gathered; when that fails, keep it for the next time."""
        batch, self._waiting = self._waiting, []
        if self._forgotten:
            _log.error("delivery.witness.forgot", segments=self._forgotten)
            self._forgotten = 0
        if not batch:
            return
        written = False
        try:
            await self._database.run(
                lambda tx: record_served(tx, served=batch, timelines=self._timelines, now=utc_now())
            )
            written = True
        finally:
            if not written:  # failed, or cancelled on the way
                self._waiting = batch + self._waiting


class Timelines:
    """Where in their tracks the segments lie, of the tracks asked about lately. A finished rendition never changes."""

    def __init__(self) -> None:
        self._finished: OrderedDict[TrackId, Mapping[str, packaging.Rendition]] = OrderedDict()

    async def span(self, tx: Tx, run: Run) -> tuple[int, int] | None:
        """Return the half-open milliseconds of its track that a run holds; None when no rendition has its segments."""
        rungs = self._finished.get(run.track_id)
        if rungs is None or run.rung not in rungs:
            rungs = await self._load(tx, run.track_id)
        rendition = rungs.get(run.rung)
        if rendition is None or run.last_segment > rendition.segments:
            return None
        return rendition.span_ms(run.first_segment)[0], rendition.span_ms(run.last_segment)[1]

    async def _load(self, tx: Tx, track_id: TrackId) -> Mapping[str, packaging.Rendition]:
        assets = await catalogue.assets_of_tracks(tx, track_ids=[track_id])
        if track_id not in assets:
            return {}
        rungs = {one.folder: one for one in await packaging.renditions(tx, asset_id=assets[track_id])}
        if rungs and all(one.complete for one in rungs.values()):
            self._finished[track_id] = rungs
            if len(self._finished) > _TIMELINES:
                self._finished.popitem(last=False)
        return rungs


async def record_served(tx: Tx, *, served: Sequence[Served], timelines: Timelines, now: datetime) -> None:
    """Write down that segments were sent for listens, and announce which parts of their tracks those hold.

    Segments that no rendition has (it was made anew since) are written down and not announced.
    """
    runs = gather(served)
    await store.copy_runs(tx, runs)
    found = [(run, await timelines.span(tx, run)) for run in runs]
    spans = [(run, *span) for run, span in found if span is not None]
    for first in range(0, len(spans), _ROWS_PER_EVENT):
        await publish(tx, _event(spans[first : first + _ROWS_PER_EVENT], now=now))


async def served_to(tx: Tx, *, listen_id: ListenId) -> list[Run]:
    """Return what was sent to a listen within the last two days."""
    return await store.list_runs(tx, listen_id=listen_id)


async def forget_served(tx: Tx, *, before: datetime, limit: int) -> int:
    """Forget what was sent before an instant, at most `limit` runs, and return how many."""
    return await store.delete_runs(tx, before=before, limit=limit)


def _event(rows: Sequence[tuple[Run, int, int]], *, now: datetime) -> SegmentsServed:
    return SegmentsServed(
        occurred_at=now,
        batch_id=str(new_id()),
        listen_ids=tuple(run.listen_id for run, _, _ in rows),
        track_ids=tuple(run.track_id for run, _, _ in rows),
        from_ms=tuple(from_ms for _, from_ms, _ in rows),
        until_ms=tuple(until_ms for _, _, until_ms in rows),
        first_at_ms=tuple(run.first_at_ms for run, _, _ in rows),
        last_at_ms=tuple(run.last_at_ms for run, _, _ in rows),
    )
