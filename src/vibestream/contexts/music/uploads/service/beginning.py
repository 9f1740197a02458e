"""Beginning an upload, with its first bytes or without."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from vibestream.contexts.music.packaging import service as packaging
from vibestream.contexts.music.uploads.domain.protocol import Checksum, Metadata
from vibestream.contexts.music.uploads.domain.upload import (
    NoArtist,
    State,
    TooManyUnfinished,
    Upload,
    UploadGone,
    check_size,
)
from vibestream.contexts.music.uploads.service.ending import terminate_upload
from vibestream.contexts.music.uploads.service.places import parts_of, require_room
from vibestream.contexts.music.uploads.service.receiving import Clock, receive_bytes
from vibestream.contexts.music.uploads.store import rows
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UploadId, UserId, new_id
from vibestream.platform.database import Tx
from vibestream.platform.http.intake import Ended, Intake
from vibestream.platform.runtime import Runtime


async def begin_upload(
    runtime: Runtime, *, user_id: UserId, size_bytes: int, metadata: Metadata, now: datetime, as_editor: bool = False
) -> Upload:
    """Begin an upload of a known size and return it; it stands at byte 0.

    Whoever is no artist themselves uploads `as_editor`: let in, to this upload and to each byte of it, while they are an
    editor of some artist.

    Raises:
        NoArtist: as an editor, and they are none.
        EmptyUpload: of no byte.
        UploadTooLarge: over `max_upload_bytes`.
        TooManyUnfinished: the artist has `max_unfinished_uploads` of them.
        NoRoom: the disk would be too full.
        SandboxMissing, ProgramMissing: masters cannot be packaged here, so none is taken.
    """
    settings = runtime.settings
    check_size(size_bytes, limit_bytes=settings.max_upload_bytes)
    await asyncio.to_thread(packaging.require_packaging, settings)
    parts = await parts_of(runtime)
    await require_room(runtime, parts=parts, wanted_bytes=size_bytes)
    upload = Upload(
        upload_id=UploadId(new_id()),
        user_id=user_id,
        file_name=metadata.file_name,
        metadata=metadata.header,
        size_bytes=size_bytes,
        received_bytes=0,
        state=State.RECEIVING,
        place=parts.place,
        sha256=None,
        created_at=now,
        expires_at=now + timedelta(hours=settings.upload_expiry_hours),
    )

    async def insert(tx: Tx) -> None:
        if await rows.lock_unfinished(tx, user_id=user_id) >= settings.max_unfinished_uploads:
            raise TooManyUnfinished(limit=settings.max_unfinished_uploads)
        if not await rows.insert_upload(tx, upload, as_editor=as_editor):
            raise NoArtist

    await runtime.database.run(insert)
    return upload


async def receive_first_bytes(
    runtime: Runtime, *, upload: Upload, checksum: Checksum | None, intake: Intake, clock: Clock
) -> Upload:
    """Append the bytes that came along with the request that began an upload, and return it as it then stands.

    When they are refused or the connection is cut, the upload is ended: its client was never told where it is, and will
    begin another.

    Raises:
        What `receive_bytes` raises.
    """
    try:
        upload = await receive_bytes(
            runtime,
            upload_id=upload.upload_id,
            user_id=upload.user_id,
            offset=0,
            checksum=checksum,
            intake=intake,
            clock=clock,
        )
    except VibeStreamError:
        await _end_quietly(runtime, upload, now=clock())
        raise
    if intake.ended is Ended.CUT and upload.state is State.RECEIVING:
        await _end_quietly(runtime, upload, now=clock())
    return upload


async def _end_quietly(runtime: Runtime, upload: Upload, *, now: datetime) -> None:
    with suppress(UploadGone):
        await terminate_upload(runtime, upload_id=upload.upload_id, user_id=upload.user_id, now=now)
