"""Work that no request does: forgetting where old listens came from."""

from __future__ import annotations

from vibestream.contexts.listen_reward.scoring import service
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

_AT_ONCE = 5_000


@periodic("listen_reward.forget_origins", every_s=3_600)
async def forget_origins(runtime: Runtime) -> None:
    """Forget the networks and devices of listens older than thirty days, in short transactions."""
    while True:
        async with runtime.database.begin() as tx:
            if await service.forget_origins(tx, now=utc_now(), limit=_AT_ONCE) == 0:
                return
