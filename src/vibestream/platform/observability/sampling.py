"""Measuring what no request does: how late the event loop is, how full the pool, whether the database answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import psycopg
import structlog

from vibestream.platform.database import Database, Tx
from vibestream.platform.observability import metrics

Probe = Callable[[Tx], Awaitable[None]]
"""Reads something and sets its gauges; given by the composition root."""

_BEAT_S: Final = 1.0
_EVERY_BEATS: Final = 10
_DEADLINE_S: Final = 5.0
_log = structlog.get_logger()


class Sampler:
    """Samples once a second (the loop) and every ten (the database). `run` it in a task of its own."""

    def __init__(self, database: Database, *, probes: Sequence[Probe] = ()) -> None:
        self._database = database
        self._probes = probes
        self.lag_s = 0.0

    async def run(self) -> None:
        """Sample until cancelled."""
        loop = asyncio.get_running_loop()
        beats = 0
        while True:
            if beats % _EVERY_BEATS == 0:
                await self.sample()
            beats += 1
            due = loop.time() + _BEAT_S
            await asyncio.sleep(_BEAT_S)
            self.lag_s = max(0.0, loop.time() - due)
            metrics.LOOP_LAG.set(self.lag_s)

    async def sample(self) -> None:
        """Take one sample of pool and database."""
        figures = self._database.figures()
        metrics.POOL.labels("used").set(figures.used)
        metrics.POOL.labels("free").set(figures.free)
        metrics.POOL_WAITING.set(figures.waiting)
        try:
            async with asyncio.timeout(_DEADLINE_S), self._database.begin() as tx:
                await tx.value("SELECT 1")
                for probe in self._probes:
                    await _asked(probe, tx)
        except (psycopg.Error, TimeoutError) as error:
            metrics.DATABASE_UP.set(0)
            _log.warning("sampler.failed", error=type(error).__name__)
        else:
            metrics.DATABASE_UP.set(1)


async def _asked(probe: Probe, tx: Tx) -> None:
    try:
        async with tx.savepoint():
            await probe(tx)
    except psycopg.DatabaseError as error:
        if isinstance(error, psycopg.OperationalError):
            raise
        _log.exception("sampler.probe_failed")
