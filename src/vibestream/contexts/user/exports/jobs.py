"""What happens to exports by the clock."""

from __future__ import annotations

from vibestream.contexts.user.exports import service
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime


@periodic("user.tidy_exports", every_s=900)
async def tidy_exports(runtime: Runtime) -> None:
    """Give up exports that never became ready, and delete files that were left behind."""
    await service.tidy(runtime, now=utc_now())
