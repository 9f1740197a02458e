"""Dropping what is awaited no more."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.identities.store import requests
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

_AT_ONCE: Final = 10_000


@periodic("user.tidy_identities", every_s=3600)
async def tidy(runtime: Runtime) -> None:
    """Drop requests to issuers, and what waits to be connected, once they are too old to be used."""
    async with runtime.database.begin() as tx:
        await requests.drop_expired(tx, before=utc_now(), most=_AT_ONCE)
