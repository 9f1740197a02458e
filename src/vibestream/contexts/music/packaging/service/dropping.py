"""Deleting the objects of masters that nobody has any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from vibestream.contexts.music.packaging import store
from vibestream.contexts.music.packaging.domain import layout
from vibestream.contexts.music.packaging.domain.ladder import LADDER_VERSION
from vibestream.contexts.music.packaging.service.publishing import sweep
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime

AGAIN_AFTER: Final = timedelta(hours=2)
"""A run that was under way may write until its job is cut off: what it left is deleted then."""


async def drop_masters(tx: Tx, *, checksums: Sequence[str], now: datetime) -> None:
    """Have the originals with these checksums, and all that was made of them, deleted once the transaction commits.

    And once more two hours later, for what a run that was under way still wrote. Of a master that somebody has brought
    again meanwhile nothing is deleted.

    Args:
        tx: the transaction that forgets their assets.
        checksums: SHA-256 of originals, in lower-case hexadecimal.
        now: the instant.
    """
    for sha256 in checksums:
        await defer(tx, drop_objects, sha256=sha256)
        await defer(tx, drop_objects, sha256=sha256, run_at=now + AGAIN_AFTER)


@job("music.drop_objects", attempts=20)
async def drop_objects(runtime: Runtime, *, sha256: str) -> None:
    """Delete an original and every object that was made of it, unless there is an asset of it."""
    async with runtime.database.begin(read_only=True) as tx:
        if await store.has_master(tx, sha256=sha256):
            return
    for version in range(1, LADDER_VERSION + 1):
        address = layout.address_of(sha256, ladder_version=version)
        await sweep(runtime.objects, folder=layout.prefix_of(address).rstrip("/"))
    await runtime.objects.delete(layout.original_key(sha256))
