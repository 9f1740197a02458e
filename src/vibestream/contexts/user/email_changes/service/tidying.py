"""Dropping what is over, so that no address that somebody had or wanted is kept for no reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.email_changes import store
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

_KEPT: Final = timedelta(days=1)
_AT_ONCE: Final = 10_000


@periodic("user.tidy_email_changes", every_s=3600)
async def tidy_email_changes(runtime: Runtime) -> None:
    """Drop changes a day after their code expired, and former addresses when they can no longer be put back."""
    now = utc_now()
    async with runtime.database.begin() as tx:
        await store.drop_expired(tx, changes_before=now - _KEPT, undos_before=now, most=_AT_ONCE)
