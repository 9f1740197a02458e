"""Deleting the objects of pictures that no profile has."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.pictures.domain import folder_of
from vibestream.contexts.user.pictures.store import pictures as store
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime


@job("user.drop_picture", attempts=20)
async def drop_picture(runtime: Runtime, *, picture_id: str) -> None:
    """Delete what is kept under the id of a picture, unless a profile has it."""
    named = UUID(picture_id)
    async with runtime.database.begin(read_only=True) as tx:
        if await store.has_picture(tx, picture_id=named):
            return
    for key in [key async for key in runtime.objects.list_keys(folder_of(named))]:
        await runtime.objects.delete(key)


async def drop_later(tx: Tx, *, picture_id: UUID, run_at: datetime | None = None) -> None:
    """Have the objects of a picture deleted that no profile has then."""
    await defer(tx, drop_picture, run_at=run_at, picture_id=str(picture_id))
