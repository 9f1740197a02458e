"""Deleting what nobody is to have any more: the rows in a transaction, the files by a job, and by the clock what was missed."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID

from vibestream.contexts.user.exports import store
from vibestream.contexts.user.exports.domain.exports import GIVE_UP_AFTER, key_of
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime


@job("user.drop_export", attempts=20)
async def drop_export(runtime: Runtime, *, export_id: str) -> None:
    """Delete an export's file."""
    await runtime.objects.delete(key_of(UUID(export_id)))


async def forget(tx: Tx, *, user_id: UUID) -> None:
    """Delete a person's exports, their files once this has committed; one that is being made finds itself unwanted."""
    for export_id in await store.delete_of(tx, user_id=user_id):
        await defer(tx, drop_export, export_id=str(export_id))


async def expire(tx: Tx, *, before: datetime, most: int) -> int:
    """End exports whose time was over before an instant, at most so many, and have their files deleted; return how many."""
    ended = await store.expire(tx, before=before, most=most)
    for export_id in ended:
        await defer(tx, drop_export, export_id=str(export_id))
    return len(ended)


async def tidy(runtime: Runtime, *, now: datetime) -> None:
    """Give up exports that never became ready, and delete every file that nobody is to have.

    Files are looked for in the store and not in the table: whoever was killed between the two leaves none behind.
    """
    async with runtime.database.begin() as tx:
        await store.fail_older(tx, before=now - GIVE_UP_AFTER)
    kept = [UUID(PurePosixPath(key).stem) async for key in runtime.objects.list_keys("exports")]
    async with runtime.database.begin(read_only=True) as tx:
        unwanted = await store.list_unwanted(tx, export_ids=kept)
    for export_id in unwanted:
        await runtime.objects.delete(key_of(export_id))
