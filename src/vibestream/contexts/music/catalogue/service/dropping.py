"""Deleting covers that no release shows any more."""

from __future__ import annotations

from vibestream.contexts.music.catalogue.store import personal as store
from vibestream.platform.jobs import job
from vibestream.platform.runtime import Runtime


@job("music.drop_cover", attempts=20)
async def drop_cover(runtime: Runtime, *, key: str) -> None:
    """Delete one size of a cover, unless a release shows it: the same picture is the same object."""
    async with runtime.database.begin(read_only=True) as tx:
        if await store.has_cover(tx, key=key):
            return
    await runtime.objects.delete(key)
