"""What happens to uploads by the clock."""

from __future__ import annotations

from vibestream.contexts.music.uploads import service
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime


@periodic("music.drop_expired_uploads", every_s=300)
async def drop_expired_uploads(runtime: Runtime) -> None:
    """Note which uploads expired, then drop the bytes of all that ended."""
    now = utc_now()
    expired = 1
    while expired:
        async with runtime.database.begin() as tx:
            expired = await service.drop_expired(tx, now=now)
    await service.sweep_parts(runtime, now=now)
