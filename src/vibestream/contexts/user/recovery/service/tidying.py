"""Dropping resets that are over, so that no trace of who asked is kept for no reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.recovery import store
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

_KEPT: Final = timedelta(days=1)
_AT_ONCE: Final = 10_000


@periodic("user.tidy_resets", every_s=3600)
async def tidy_resets(runtime: Runtime) -> None:
    """Drop resets of passwords a day after they expired."""
    async with runtime.database.begin() as tx:
        await store.drop_expired(tx, before=utc_now() - _KEPT, most=_AT_ONCE)
