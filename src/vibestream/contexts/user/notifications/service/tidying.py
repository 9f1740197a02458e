"""Dropping what nobody looks for any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.notifications.store import told
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

KEPT: Final = timedelta(days=365)
_AT_ONCE: Final = 10_000


@periodic("user.tidy_notifications", every_s=3600)
async def tidy_notifications(runtime: Runtime) -> None:
    """Drop notifications a year after they were told, with their deliveries."""
    async with runtime.database.begin() as tx:
        await told.drop_old(tx, before=utc_now() - KEPT, most=_AT_ONCE)
