"""Uploads that end without an original: ended by the artist, expired, forgotten; and the bytes they leave behind."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from vibestream.contexts.music.uploads.domain.upload import AlreadyStored, State, check_alive
from vibestream.contexts.music.uploads.service.places import parts_of
from vibestream.contexts.music.uploads.service.reading import upload_of
from vibestream.contexts.music.uploads.store import rows
from vibestream.contexts.music.uploads.store.parts import Parts
from vibestream.kernel.ids import UploadId, UserId
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime

REMEMBERED: Final = timedelta(days=7)
"""How long a client that comes back is told that its upload is gone, and not merely that there is none."""
_AT_ONCE: Final = 500


async def terminate_upload(runtime: Runtime, *, upload_id: UploadId, user_id: UserId, now: datetime) -> None:
    """End an unfinished upload of an artist and drop its bytes.

    Raises:
        NoSuchUpload: the artist has none of this id.
        UploadGone: it has ended already.
        AlreadyStored: it was accepted.
    """

    async def end(tx: Tx) -> None:
        if await rows.save_terminated(tx, upload_id=upload_id, user_id=user_id, now=now):
            return
        check_alive(await upload_of(tx, upload_id=upload_id, user_id=user_id), now=now)
        raise AlreadyStored("This upload was accepted and is kept. Take its track out of the release instead.")

    await runtime.database.run(end)
    parts = await parts_of(runtime)
    await asyncio.to_thread(parts.remove, upload_id)


async def drop_expired(tx: Tx, *, now: datetime) -> int:
    """Note which unfinished uploads are past their time, forget those that ended long ago; return how many expired.

    Handles a bounded number; call until it returns 0.
    """
    expired = await rows.save_expired(tx, now=now, limit=_AT_ONCE)
    await rows.delete_ended(tx, before=now - REMEMBERED, limit=_AT_ONCE)
    return len(expired)


async def sweep_parts(runtime: Runtime, *, now: datetime) -> int:
    """Drop the bytes of uploads that ended, from this process's folder, and return how many uploads had some.

    Bytes without any row are dropped once they are as old as an upload may get: until then the row may merely be in a
    transaction that has not committed, or in another database that shares the folder by mistake.
    """
    parts = await parts_of(runtime)
    ages = dict(await asyncio.to_thread(lambda: list(parts.list_all())))
    async with runtime.database.begin(read_only=True) as tx:
        states = await rows.states_of(tx, list(ages))
    oldest = (now - timedelta(hours=runtime.settings.upload_expiry_hours) - REMEMBERED).timestamp()
    ended = [
        upload_id
        for upload_id, changed_at in ages.items()
        if states.get(upload_id, State.RECEIVING if changed_at > oldest else State.EXPIRED) is not State.RECEIVING
    ]
    await asyncio.to_thread(_remove_all, parts, ended)
    return len(ended)


def _remove_all(parts: Parts, upload_ids: list[UploadId]) -> None:
    for upload_id in upload_ids:
        parts.remove(upload_id)
