"""The last byte: the original goes into the object store, and everybody who waits for it learns of it, or nothing does."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from vibestream.contexts.music.events import UploadCompleted
from vibestream.contexts.music.packaging import service as packaging
from vibestream.contexts.music.uploads.domain.upload import State, Upload, UploadGone
from vibestream.contexts.music.uploads.store import rows
from vibestream.contexts.music.uploads.store.parts import Hash, Part
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish
from vibestream.platform.live import announce
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage.objects import ObjectStoreUnavailable

CONTENT_TYPE: Final = "application/octet-stream"
"""Of originals: what an artist's file is, is found by looking into it, and no browser is to guess."""
_log = structlog.get_logger()


async def complete(runtime: Runtime, *, part: Part, upload: Upload, whole: Hash | None, now: datetime) -> Upload:
    """Store the original of an upload whose every byte is in its part file, and return the upload as stored.

    In this order: the bytes are synced; the original is put into the object store under its checksum (once, however
    many uploads bring the same); then one transaction notes the upload as stored, announces `UploadCompleted` and
    requests packaging. A crash before its commit leaves an upload that lacks its last byte, which the client sends
    again.

    Args:
        runtime: the process's resources.
        part: the locked part file.
        upload: as its row says.
        whole: the SHA-256 of all bytes when it was computed as they arrived, else None.
        now: when.

    Raises:
        UploadGone: it was ended meanwhile.
        StorageFull: no room in the object store.
        ObjectStoreUnavailable: it does not answer, or holds other content under this checksum.
    """
    await asyncio.to_thread(part.sync)
    sha256 = await asyncio.to_thread(_digest, part, upload, whole)
    original = await runtime.objects.put_file(
        packaging.original_key(sha256), part.path, content_type=CONTENT_TYPE, sha256=sha256, adopt=True
    )
    if original.size != upload.size_bytes:
        _log.error("upload.original_damaged", sha256=sha256, size=original.size, expected=upload.size_bytes)
        raise ObjectStoreUnavailable("The stored original is damaged. An operator has to look at it.")
    stored = replace(upload, received_bytes=upload.size_bytes, state=State.STORED, sha256=sha256)
    await runtime.database.run(lambda tx: _note_stored(tx, upload, sha256=sha256, now=now))
    return stored


async def _note_stored(tx: Tx, upload: Upload, *, sha256: str, now: datetime) -> None:
    if not await rows.save_stored(tx, upload, sha256=sha256, now=now):
        raise UploadGone(state=State.TERMINATED.value)
    await publish(
        tx,
        UploadCompleted(
            occurred_at=now,
            upload_id=upload.upload_id,
            user_id=upload.user_id,
            sha256=sha256,
            size_bytes=upload.size_bytes,
            file_name=upload.file_name,
        ),
    )
    await packaging.request_packaging(
        tx,
        upload_id=upload.upload_id,
        user_id=upload.user_id,
        sha256=sha256,
        file_name=upload.file_name,
    )
    await announce(tx, topic=f"user:{upload.user_id}", kind="upload.stored", data={"upload_id": str(upload.upload_id)})


def _digest(part: Part, upload: Upload, whole: Hash | None) -> str:
    if whole is None:
        whole = hashlib.sha256()
        part.digest(whole, begin=0, end=upload.size_bytes)
    return whole.hexdigest()
