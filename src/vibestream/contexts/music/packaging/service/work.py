"""The job that packages a master: probe, first rung and measures, cover, further rungs. It may be killed anywhere.

Nothing is told before it is true: a segment is stored before it is listed, listed before the asset is called playable,
and a rung is complete only after its encoder ended well over the whole master. A run that begins again skips a first
rung that was completed and measured, and makes the rest anew.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

import structlog

from vibestream.contexts.music.packaging import store
from vibestream.contexts.music.packaging.domain import layout
from vibestream.contexts.music.packaging.domain.asset import MOST_RUNS, Asset, Begin, Rendition, State, begin
from vibestream.contexts.music.packaging.domain.ladder import Ladder, ladder_of
from vibestream.contexts.music.packaging.domain.reasons import Refused
from vibestream.contexts.music.packaging.domain.source import check_decoded, check_source
from vibestream.contexts.music.packaging.gateway.encoding import Job, encode_first, encode_further
from vibestream.contexts.music.packaging.gateway.inspection import read_cover, read_facts
from vibestream.contexts.music.packaging.service.publishing import Pace, Shelf, TakeSpoilt, sweep
from vibestream.contexts.music.packaging.service.reporting import Overtaken, Report
from vibestream.kernel.ids import AssetId
from vibestream.platform.jobs import job
from vibestream.platform.media.programs import ffmpeg
from vibestream.platform.media.sandbox import Sandbox, open_sandbox, others_can_reach
from vibestream.platform.runtime import Runtime

QUEUE: Final = "packaging"
T = TypeVar("T")
_READ, _FIRST_DONE, _PICTURED = 3, 30, 32
"""Percent of the work after each stage; the further rungs take the rest."""
_log = structlog.get_logger()


@job("music.package_asset", queue=QUEUE, attempts=MOST_RUNS + 1)
async def package_asset(runtime: Runtime, *, asset_id: str) -> None:
    """Package a master, unless that is settled. A fault of the machine is raised, so that the job is run again."""
    begun = await _begin(runtime, AssetId(UUID(asset_id)))
    if begun is None:
        return
    try:
        await _package(runtime, begun)
    except Refused as refused:
        await begun.report.refused(refused.reason)
        await sweep(runtime.objects, folder=begun.folder)
        _log.info("packaging.refused", asset_id=asset_id, reason=refused.reason.value)
    except Overtaken:
        _log.info("packaging.overtaken", asset_id=asset_id, run=begun.report.run)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A run, and what stood there when it began."""

    asset: Asset
    report: Report
    takes: dict[str, int]
    complete: dict[str, Rendition]

    @property
    def folder(self) -> str:
        """Return the folder of the asset's objects."""
        return layout.prefix_of(self.asset.address).rstrip("/")


async def _begin(runtime: Runtime, asset_id: AssetId) -> _Begun | None:
    """Count a run and return it; None when there is nothing to do but to sweep up."""
    async with runtime.database.begin() as tx:
        asset = await store.lock_asset(tx, asset_id=asset_id)
        what = Begin.LEAVE if asset is None else begin(asset)
        if asset is None or (what is Begin.LEAVE and asset.state is State.READY):
            return None
        run = asset.run if what is Begin.LEAVE else await store.begin_run(tx, asset_id=asset_id)
        begun = _Begun(
            asset,
            Report(runtime.database, asset_id, run, asset.state if asset.state.plays else State.PROBING),
            await store.load_takes(tx, asset_id=asset_id),
            {one.rung: one for one in await store.list_renditions(tx, asset_id=asset_id) if one.complete},
        )
    if what is Begin.RUN:
        return begun
    if what is Begin.GIVE_UP:
        await begun.report.failed()
        _log.error("packaging.failed", asset_id=str(asset_id), runs=asset.run)
    await sweep(runtime.objects, folder=begun.folder)
    return None


async def _package(runtime: Runtime, begun: _Begun) -> None:
    settings = runtime.settings
    sandbox = open_sandbox(settings.media_sandbox)
    work = _work_folder(sandbox, settings.data_dir / "packaging")
    program = ffmpeg(settings.ffmpeg, sandbox=sandbox, work=work)
    async with _original(runtime, sandbox, begun, work) as path:
        reading = await read_facts(sandbox, path)
        check_source(reading.source, max_track_minutes=settings.max_track_minutes)
        begun.report.percent = _READ
        await begun.report.read(reading.source, reading.tags)
        encoding = Job(
            sandbox=sandbox,
            ffmpeg=program,
            path=path,
            source=reading.source,
            max_track_minutes=settings.max_track_minutes,
        )
        ladder = ladder_of(reading.source)
        expected_s = None if reading.source.declared_ms is None else reading.source.declared_ms / 1000
        shelf = Shelf(
            runtime.objects,
            begun.asset.address,
            begun.report,
            begun.takes,
            begun.complete,
            Pace((ladder.first,), _READ, _FIRST_DONE, expected_s),
        )
        duration_ms = await _first(begun, shelf, encoding, ladder)
        if reading.pictured and not begun.asset.covers:
            await begun.report.pictured(await shelf.put_pictures(await read_cover(sandbox, path)))
        await _further(shelf, encoding, ladder, duration_ms=duration_ms)


async def _first(begun: _Begun, shelf: Shelf, encoding: Job, ladder: Ladder) -> int:
    """Make the first rung and measure everything, unless an earlier run did, and return the exact length."""
    rung = ladder.first
    if rung.name in begun.complete and begun.asset.waveform and begun.asset.duration_ms:
        return begun.asset.duration_ms
    measures = await _with_new_takes(shelf, lambda: encode_first(encoding, rung, shelf.put_growing))
    check_decoded(measures.duration_ms, source=encoding.source, max_track_minutes=encoding.max_track_minutes)
    rendition, take = await shelf.complete(rung, duration_s=measures.duration_ms / 1000)
    await begun.report.measured(measures, rendition, take=take)
    return measures.duration_ms


async def _further(shelf: Shelf, encoding: Job, ladder: Ladder, *, duration_ms: int) -> None:
    made = []
    if ladder.rest:
        shelf.pace = Pace(ladder.rest, _PICTURED, 100, duration_ms / 1000)
        await _with_new_takes(shelf, lambda: encode_further(encoding, ladder.rest, shelf.put))
        made = [await shelf.complete(rung, duration_s=duration_ms / 1000) for rung in ladder.rest]
    await shelf.report.ready(made, duration_ms=duration_ms)


async def _with_new_takes(shelf: Shelf, encode: Callable[[], Awaitable[T]]) -> T:
    """Encode, again with a new take for each rung of which an earlier run left other bytes."""
    while True:
        try:
            return await encode()
        except TakeSpoilt as spoilt:
            await shelf.new_take(spoilt.rung)
            _log.info("packaging.new_take", rung=spoilt.rung.name, asset_id=str(shelf.report.asset_id))


def _stored(runtime: Runtime, key: str) -> Path | None:
    path = runtime.objects.local_path(key)
    return None if path is None else Path(path).resolve()


@asynccontextmanager
async def _original(runtime: Runtime, sandbox: Sandbox, begun: _Begun, work: Path) -> AsyncIterator[Path]:
    """Yield the path of the original, where it is when the child may read it there, else of a copy for the child.

    A copy that a killed run left is replaced by the next run of the same asset.
    """
    key = layout.original_key(begun.asset.sha256)
    stored = _stored(runtime, key)
    if stored is not None and sandbox.can_read(stored):
        yield stored
        return
    copy = work / str(begun.asset.asset_id)
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.unlink(missing_ok=True)
    try:
        if stored is not None:
            await asyncio.to_thread(shutil.copyfile, stored, copy)
        else:
            with copy.open("wb") as out:
                async for chunk in runtime.objects.open_range(key):
                    await asyncio.to_thread(out.write, chunk)
        sandbox.give(copy)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _work_folder(sandbox: Sandbox, preferred: Path) -> Path:
    """Return a folder that the child can reach: without bubblewrap it walks there as another user."""
    preferred = preferred.absolute()
    preferred.mkdir(parents=True, exist_ok=True)
    if sandbox.isolated or sandbox.uid is None or others_can_reach(preferred):
        return preferred
    return Path("/var/tmp/vibestream-packaging")  # noqa: S108 - owned by root and written by root alone
