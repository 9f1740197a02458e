"""Every accepted upload's original is stored with the checksum it arrived with (DESIGN, section 5, number 9)."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Final

from vibestream.contexts.music.packaging import service as packaging
from vibestream.contexts.music.uploads.store import rows
from vibestream.contexts.music.uploads.store.rows import StoredOriginal
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant
from vibestream.platform.storage import ObjectMissing, ObjectStore

SAMPLE: Final = 50
"""How many originals are read again unless one asks for more: a large store would be read for days."""
_SHOWN: Final = 5


def invariants_of(objects: ObjectStore, *, sample: int | None = SAMPLE) -> tuple[Invariant, ...]:
    """Return the invariants of uploads, which look into an object store.

    Args:
        objects: where the originals are.
        sample: how many originals, chosen at random, are read and hashed again; None for every one.
    """

    async def check(tx: Tx) -> Finding:
        return await _originals_kept(tx, objects, sample=sample)

    statement = "Every accepted upload's original is stored with the checksum it arrived with."
    return (Invariant("music.originals_kept", statement, check),)


async def _originals_kept(tx: Tx, objects: ObjectStore, *, sample: int | None) -> Finding:
    count = await rows.count_originals(tx)
    chosen = await rows.sample_originals(tx, limit=sample)
    faults = [fault for original in chosen if (fault := await _fault_of(objects, original)) is not None]
    read = f"{len(chosen):,} of them read again" if len(chosen) < count else "all read again"
    return Finding(
        ok=not faults,
        figure=f"{count:,} originals, {read}, {len(faults):,} faults",
        detail="; ".join(faults[:_SHOWN]),
    )


async def _fault_of(objects: ObjectStore, original: StoredOriginal) -> str | None:
    digest = hashlib.sha256()
    size = 0
    try:
        async for chunk in objects.open_range(packaging.original_key(original.sha256)):
            await asyncio.to_thread(digest.update, chunk)
            size += len(chunk)
    except ObjectMissing:
        return f"upload {original.upload_id}: its original is missing"
    if size != original.size_bytes:
        return f"upload {original.upload_id}: {original.size_bytes} bytes arrived, {size} are stored"
    if digest.hexdigest() != original.sha256:
        return f"upload {original.upload_id}: the stored bytes are not those that arrived"
    return None
