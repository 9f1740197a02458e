"""The jobs of checkout. Importing this module declares them."""

from __future__ import annotations

from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.service.driving import drive
from vibestream.contexts.payment.checkout.service.noting import apply_change
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

__all__ = ["apply_change", "drive", "look_after_payments"]

_AT_ONCE = 200


@periodic("payment.look_after_payments", every_s=15, queue="payments")
async def look_after_payments(runtime: Runtime) -> None:
    """The janitor: have payments looked at that wait, are unknown, or whose job or webhook was lost."""
    while True:
        async with runtime.database.begin() as tx:
            if await service.drive_due(tx, now=utc_now(), most=_AT_ONCE) < _AT_ONCE:
                return
