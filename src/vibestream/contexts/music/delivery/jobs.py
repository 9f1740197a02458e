"""What happens to the record of what was served by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.music.delivery import service
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

KEEP: Final = timedelta(days=2)
"""Long enough for every listen to be settled and looked into; who heard what is not kept longer than it must be."""
_AT_ONCE: Final = 10_000


@periodic("music.forget_served", every_s=3600)
async def forget_served(runtime: Runtime) -> None:
    """Forget what was served more than two days ago, in short transactions."""
    before = utc_now() - KEEP
    forgotten = 1
    while forgotten:
        async with runtime.database.begin() as tx:
            forgotten = await service.forget_served(tx, before=before, limit=_AT_ONCE)
