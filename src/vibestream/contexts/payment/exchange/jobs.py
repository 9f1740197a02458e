"""Setting money aside for points, as more are earned and rates change."""

from __future__ import annotations

from vibestream.contexts.payment.exchange import service
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime


@periodic("payment.cover_points", every_s=3600)
async def cover_points(runtime: Runtime) -> None:
    """Set aside for points what the policy says; nothing when it is set aside already."""
    policy = service.policy_of(runtime.settings)
    async with runtime.database.begin() as tx:
        await service.cover_points(tx, policy=policy, now=utc_now())
