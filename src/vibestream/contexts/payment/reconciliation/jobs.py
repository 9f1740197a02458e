"""What reconciliation does by the clock."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import structlog

from vibestream.contexts.payment.gateways.service import GatewayName, Gateways
from vibestream.contexts.payment.reconciliation import service
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import defer, job, periodic
from vibestream.platform.runtime import Runtime

_DAYS: Final = 5
"""Each day is compared on this many days after it: books are added to late, and fees become known last."""
_log = structlog.get_logger()


@periodic("payment.reconcile_all", every_s=86_400)
async def reconcile_all(runtime: Runtime) -> None:
    """Have the last days of every configured gateway compared, each by a job of its own, six hours from now."""
    now = utc_now()
    async with runtime.database.begin() as tx:
        for gateway in sorted(runtime.part(Gateways).configured):
            for ago in range(1, _DAYS + 1):
                day = (now - timedelta(days=ago)).date().isoformat()
                lock = f"reconcile:{gateway.value}"
                at = now + timedelta(hours=6)
                await defer(tx, reconcile_day, gateway=gateway.value, day=day, run_at=at, lock=lock)


@job("payment.reconcile_day", attempts=6)
async def reconcile_day(runtime: Runtime, *, gateway: str, day: str) -> None:
    """Compare one day of one gateway."""
    report = await service.reconcile(runtime, gateway=GatewayName(gateway), day=date.fromisoformat(day), now=utc_now())
    _log.info(
        "reconciliation.done", gateway=gateway, day=day, matched=report.matched, differing=len(report.differences)
    )
