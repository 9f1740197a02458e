"""Work that no request does: ending listens that went silent."""

from __future__ import annotations

from vibestream.contexts.listen_reward.listening import service
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime


@periodic("listen_reward.sweep_listens", every_s=30)
async def sweep_listens(runtime: Runtime) -> None:
    """End listens without heartbeats and close for good those that ended, in short transactions."""
    while True:
        async with runtime.database.begin() as tx:
            if await service.sweep(tx, now=utc_now()) == 0:
                return
