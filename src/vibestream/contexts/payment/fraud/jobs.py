"""Work that no request does: giving up reviews whose time is over, and measuring drift."""

from __future__ import annotations

import asyncio
import importlib
from typing import Final

import structlog
from prometheus_client import Gauge

from vibestream.contexts.payment.fraud import service
from vibestream.contexts.payment.fraud.service import serving
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

DRIFT: Final = Gauge(
    "vibestream_fraud_drift", "Population stability index of the champion's score in the last week; 0.25 is drift."
)
LATE: Final = Gauge("vibestream_fraud_reviews_late", "Open reviews that should have been decided by now.")
_AT_ONCE: Final = 100
_PPM: Final = 1_000_000
_log = structlog.get_logger()


@periodic("payment.fraud_lapse_reviews", every_s=300)
async def lapse_reviews(runtime: Runtime) -> None:
    """Give up reviews whose time is over, in short transactions, and count those that are late."""
    now = utc_now()
    while True:
        async with runtime.database.begin() as tx:
            lapsed = await service.lapse_reviews(tx, now=now, most=_AT_ONCE)
        if lapsed < _AT_ONCE:
            break
    async with runtime.database.begin(read_only=True) as tx:
        late = await service.count_late(tx, now=now)
    LATE.set(late)
    if late:
        _log.warning("fraud.reviews_late", count=late)


@periodic("payment.fraud_measure_drift", every_s=86_400)
async def measure_drift(runtime: Runtime) -> None:
    """Measure how far the last week's features and scores lie from what the champion was trained on."""
    champion = await serving.champion_at_hand(runtime)
    if champion is None:
        return
    learning = await asyncio.to_thread(importlib.import_module, "vibestream.contexts.payment.fraud.service.learning")
    async with runtime.database.begin() as tx:
        drifts = await learning.measure_drift(tx, model=champion, now=utc_now())
    for one in drifts:
        if one.feature == "score":
            DRIFT.set(one.psi_ppm / _PPM)
    drifted = [one.feature for one in drifts if one.psi_ppm > _PPM // 4]
    if drifted:
        _log.warning("fraud.drift", features=drifted[:10], count=len(drifted))
