"""Making a person's export: every capability tells what it holds of them, and one signed file is kept for them alone.

    asked (one row, one job) -> each part told into a draft on this machine -> signed -> stored -> its owner is told

Killed anywhere, the job begins again with a new draft; the file takes its key whole or not at all, and nobody can fetch it
before its row says that it is ready. All parts are told as of one instant. No transaction is open while it is stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.exports import service as exports
from vibestream.contexts.user.exports.service import Archive, Export, State
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.contexts.user.profiles import service as profiles
from vibestream.flows.personal_data import PERSONAL_DATA
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Isolation, Tx
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import ObjectMissing

_MASTERS: Final = "music.packaging"
"""The part that tells of a person's masters."""
_PICTURES: Final = "user.pictures"
"""The part that tells of the pictures of a person's profiles."""
_ZIP: Final = "application/zip"
Records = Sequence[Mapping[str, JsonValue]]


class _Unwanted(Exception):
    """Nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is written, and its digest."""

    path: Path
    """Of the open file, which has no other name."""
    size: int
    sha256: bytes


async def ask(tx: Tx, *, runtime: Runtime, user_id: UserId, now: datetime, network: str = "") -> Export | None:
    """Have a copy made of what is held of a person; None when one is being made already.

    Raises:
        KeyMissing: this deployment cannot sign any.
    """
    if not exports.trusted_keys(runtime.settings):
        raise exports.KeyMissing
    locale = (await profiles.fan(tx, user_id=user_id)).locale
    asked = await exports.ask(tx, user_id=user_id, locale=locale, total=len(PERSONAL_DATA), now=now, network=network)
    if asked is not None:
        await defer(tx, make_export, export_id=str(asked.export_id))
    return asked


@job("user.make_export", attempts=8)
async def make_export(runtime: Runtime, *, export_id: str) -> None:
    """Make an export that waits; one that is ready, failed or gone is left alone."""
    async with runtime.database.begin(read_only=True) as tx:
        export = await exports.export(tx, export_id=UUID(export_id))
    if export is None or export.state is not State.WAITING:
        return
    runtime.settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=runtime.settings.data_dir) as file:  # without a name: a kill leaves nothing behind
        try:
            draft = await _written(runtime, export, file)
        except _Unwanted:
            return
        await runtime.objects.put_file(
            export.key, draft.path, content_type=_ZIP, immutable=False, sha256=draft.sha256.hex()
        )
    await _publish(runtime, export, draft)


async def _written(runtime: Runtime, export: Export, file: BinaryIO) -> _Draft:
    key = exports.signing_key(runtime.settings)
    made_at = utc_now()
    url = runtime.settings.base_url
    with Archive(file, export_id=export.export_id, user_id=export.user_id, made_at=made_at) as archive:
        archive.add_text("README.txt", exports.readme(locale=export.locale, made_at=made_at, url=url))
        for shown in await _told(runtime, export, archive):
            await _pictured(runtime, archive, shown)
        await asyncio.to_thread(archive.close, key)
    return await asyncio.to_thread(_measured, file)


async def _told(runtime: Runtime, export: Export, archive: Archive) -> list[str]:
    """Write every part, all as of one instant; how far it is stands in transactions of its own, so that it shows.

    Returns the keys of the pictures that were told of, which are fetched when no transaction is open any more.
    """
    keys: list[str] = []
    async with runtime.database.begin(isolation=Isolation.REPEATABLE_READ, read_only=True) as tx:
        for done, held in enumerate(PERSONAL_DATA, start=1):
            records = await held.export(tx, export.user_id)
            await asyncio.to_thread(archive.add_records, held.name, records)
            if held.name == _MASTERS:
                archive.add_originals(_originals(records))
            if held.name == _PICTURES:
                keys = _keys_of(records)
            async with runtime.database.begin() as telling:
                if not await exports.progress(telling, export=export, done=done):
                    raise _Unwanted
    return keys


async def _pictured(runtime: Runtime, archive: Archive, key: str) -> None:
    try:
        content = await runtime.objects.get_bytes(key)
    except ObjectMissing:  # another took its place meanwhile
        return
    await asyncio.to_thread(archive.add_picture, key, content)


async def _publish(runtime: Runtime, export: Export, draft: _Draft) -> None:
    now = utc_now()
    expires_at = now + timedelta(days=runtime.settings.export_keep_days)
    async with runtime.database.begin() as tx:
        found = await exports.ready(
            tx, export=export, size=draft.size, sha256=draft.sha256, expires_at=expires_at, now=now
        )
        if found is not None:
            # Whoever is in somebody's account and asks for a copy is not the only one who hears of it.
            await notifications.tell(
                tx,
                user_id=export.user_id,
                kind=Kind.EXPORT_READY,
                key=str(export.export_id),
                facts={"when": expires_at.isoformat()},
                now=now,
            )
        current = found or await exports.export(tx, export_id=export.export_id)
    if current is None or current.state is not State.READY:
        await runtime.objects.delete(export.key)


def _originals(records: Records) -> list[dict[str, JsonValue]]:
    return [{"file_name": one.get("file_name"), "sha256": one.get("sha256")} for one in records]


def _keys_of(records: Records) -> list[str]:
    listed = [one["images"] for one in records if "images" in one]
    return [
        str(image["key"])
        for images in listed
        if isinstance(images, list)
        for image in images
        if isinstance(image, dict)
    ]


def _measured(file: BinaryIO) -> _Draft:
    file.flush()
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]  # a binary file is one
    size = file.tell()
    file.seek(0)
    return _Draft(Path(f"/dev/fd/{file.fileno()}"), size, digest)
