"""Work that no request does: resolving holds whose time is over, and taking snapshots."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.ledger import service
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

_HOLDS_AT_ONCE: Final = 500


@periodic("payment.expire_holds", every_s=30)
async def expire_holds(runtime: Runtime) -> None:
    """Resolve holds whose time is over, in short transactions."""
    while True:
        async with runtime.database.begin() as tx:
            if await service.expire_holds(tx, most=_HOLDS_AT_ONCE) == 0:
                return


@periodic("payment.take_balance_snapshots", every_s=60)
async def take_balance_snapshots(runtime: Runtime) -> None:
    """Snapshot the append-only accounts that gathered many entries."""
    async with runtime.database.begin() as tx:
        await service.take_snapshots(tx)
