"""Receiving bytes of an upload: written, hashed, made durable and only then counted.

A request holds the part file's lock from its first byte to its last. Every 16 MiB, every five seconds and whenever the
sender pauses, what came is synced to disk and then noted in the row; a client is never told of a byte that a power cut
could take. Bytes under an `Upload-Checksum` count all together, once they were verified, or not at all.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from vibestream.contexts.music.uploads.domain.protocol import Checksum
from vibestream.contexts.music.uploads.domain.upload import (
    BeyondEnd,
    State,
    Upload,
    UploadGone,
    check_continues,
)
from vibestream.contexts.music.uploads.service.completing import complete
from vibestream.contexts.music.uploads.service.places import parts_of, require_room
from vibestream.contexts.music.uploads.service.reading import upload_of
from vibestream.contexts.music.uploads.store import rows
from vibestream.contexts.music.uploads.store.parts import Hash, Part, Parts
from vibestream.kernel.errors import Conflict, InvalidInput, Unavailable, VibeStreamError
from vibestream.kernel.ids import UploadId, UserId
from vibestream.platform.database import Tx
from vibestream.platform.http.intake import Intake
from vibestream.platform.runtime import Runtime

FLUSH_BYTES: Final = 16 * 1024 * 1024
FLUSH_S: Final = 5.0
TICK_S: Final = 0.5
"""A sender that sends nothing for so long pauses: what came is noted, and the lock is given to whoever asks for it."""
SILENT_S: Final = 30.0
"""A sender that sends nothing for so long is gone."""
LOCK_WAIT_S: Final = 3.0
_LOCK_POLL_S: Final = 0.05

Clock = Callable[[], datetime]


class UploadLocked(Conflict):
    """Another request is sending bytes of this upload right now."""

    code: ClassVar[str] = "upload.locked"
    http_status: ClassVar[int] = 423
    retry_after_s: ClassVar[int] = 1


class ChecksumMismatch(InvalidInput):
    """The bytes are not those that the checksum was made of; none of them was kept."""

    code: ClassVar[str] = "upload.checksum_mismatch"
    http_status: ClassVar[int] = 460


class SenderSilent(Unavailable):
    """Nothing arrived for half a minute; what had arrived is kept."""

    code: ClassVar[str] = "upload.sender_silent"


async def receive_bytes(
    runtime: Runtime,
    *,
    upload_id: UploadId,
    user_id: UserId,
    offset: int,
    checksum: Checksum | None,
    intake: Intake,
    clock: Clock,
) -> Upload:
    """Append a request's bytes at `offset` and return the upload as it then stands.

    When they were the last, the original is in the object store, `UploadCompleted` is announced and packaging is
    requested. When the connection was cut, whatever arrived counts, unless a checksum was to vouch for it.

    Raises:
        NoSuchUpload: the artist has none of this id.
        UploadGone: it expired or was ended, also while bytes arrived.
        WrongOffset: it stands elsewhere.
        BeyondEnd: more bytes than it has.
        UploadLocked: another request is at it and is not idle.
        UploadElsewhere: another machine holds the bytes.
        ChecksumMismatch: nothing was kept.
        NoRoom: the disk is full; what was noted before is kept.
        SenderSilent: nothing came for half a minute.
    """
    parts = await parts_of(runtime)

    async def current() -> Upload:
        async with runtime.database.begin() as tx:
            upload = await upload_of(tx, upload_id=upload_id, user_id=user_id)
        check_continues(upload, offset=offset, length=intake.announced_bytes, place=parts.place, now=clock())
        return upload

    await current()  # a request that has no chance does not disturb whoever holds the lock
    async with _locked(parts, upload_id) as part:
        upload = await current()
        if upload.state is State.STORED:
            await asyncio.to_thread(parts.remove, upload_id)
            return upload
        reception = _Reception(runtime, parts, part, upload, checksum, clock)
        return await reception.run(intake)


@dataclass(slots=True)
class _Reception:
    """One request's bytes on their way into a part file."""

    runtime: Runtime
    parts: Parts
    part: Part
    upload: Upload
    """As its row says: `received_bytes` of it are durable and noted."""
    checksum: Checksum | None
    clock: Clock
    position: int = field(init=False)
    """How many bytes were written, noted or not."""
    noted_at: float = field(init=False)
    whole: Hash | None = field(init=False, default=None)
    """SHA-256 of everything up to `position`, kept when this request may be the last one."""
    sent: Hash | None = field(init=False, default=None)
    """The digest that `checksum` is compared with."""

    def __post_init__(self) -> None:
        self.position = self.upload.received_bytes
        self.noted_at = _loop_time()

    async def run(self, intake: Intake) -> Upload:
        try:
            await asyncio.to_thread(self.part.prepare, self.position)
            await self._begin_hashing(intake)
            await self._fill(intake)
            return await self._settle()
        except VibeStreamError:
            await asyncio.to_thread(self.part.cut, self.upload.received_bytes)
            raise

    async def _begin_hashing(self, intake: Intake) -> None:
        if self.checksum is not None:
            self.sent = hashlib.new(self.checksum.algorithm, usedforsecurity=False)
        announced = intake.announced_bytes
        in_one_go = announced is None and self.position == 0
        if in_one_go or (announced is not None and self.position + announced == self.upload.size_bytes):
            self.whole = hashlib.sha256()
            await asyncio.to_thread(self.part.digest, self.whole, begin=0, end=self.position)

    async def _fill(self, intake: Intake) -> None:
        silent_s = 0.0
        while True:
            pieces = await intake.take(within_s=TICK_S)
            if pieces:
                silent_s = 0.0
                await self._append(pieces)
                if self._is_due():
                    await self._note()
                    await require_room(self.runtime, parts=self.parts, wanted_bytes=0)
            elif intake.ended is not None:
                return
            else:
                silent_s += TICK_S
                await self._pause(silent_s)

    async def _append(self, pieces: list[bytes]) -> None:
        length = sum(map(len, pieces))
        if self.position + length > self.upload.size_bytes:
            raise BeyondEnd(size_bytes=self.upload.size_bytes)
        hashes = [running for running in (self.whole, self.sent) if running is not None]
        await asyncio.to_thread(self.part.append, pieces, hashes)
        self.position += length

    async def _pause(self, silent_s: float) -> None:
        await self._note()
        if await asyncio.to_thread(self.parts.is_asked_for, self.upload.upload_id):
            raise UploadLocked("Another request went on with this upload, because nothing arrived by this one.")
        if silent_s >= SILENT_S:
            raise SenderSilent("Nothing arrived for half a minute. What had arrived is kept; continue there.")

    def _is_due(self) -> bool:
        return self.position - self.upload.received_bytes >= FLUSH_BYTES or _loop_time() - self.noted_at >= FLUSH_S

    async def _note(self) -> None:
        """Make durable and note what may count by now: all but the last byte, which only the stored original earns."""
        earned = min(self.position, self.upload.size_bytes - 1)
        if self.sent is not None or earned <= self.upload.received_bytes:
            return
        await asyncio.to_thread(self.part.sync)
        expires_at = self.clock() + timedelta(hours=self.runtime.settings.upload_expiry_hours)

        async def save(tx: Tx) -> None:
            if not await rows.save_progress(tx, self.upload, received_bytes=earned, expires_at=expires_at):
                raise UploadGone(state=State.TERMINATED.value)

        await self.runtime.database.run(save)
        self.upload = replace(self.upload, received_bytes=earned, expires_at=expires_at)
        self.noted_at = _loop_time()

    async def _settle(self) -> Upload:
        if self.checksum is not None and self.sent is not None:
            if self.sent.digest() != self.checksum.digest:
                raise ChecksumMismatch("The checksum does not fit the bytes that arrived. Nothing of them was kept.")
            self.sent = None
        await self._note()
        if self.position < self.upload.size_bytes:
            return self.upload
        stored = await complete(self.runtime, part=self.part, upload=self.upload, whole=self.whole, now=self.clock())
        await asyncio.to_thread(self.parts.remove, self.upload.upload_id)
        return stored


@asynccontextmanager
async def _locked(parts: Parts, upload_id: UploadId) -> AsyncIterator[Part]:
    part = await asyncio.to_thread(parts.try_lock, upload_id)
    if part is None:
        part = await _ask_for_lock(parts, upload_id)
    try:
        yield part
    finally:
        # In a thread: it waits for a write that a cancelled request left behind.
        await asyncio.shield(asyncio.to_thread(part.close))


async def _ask_for_lock(parts: Parts, upload_id: UploadId) -> Part:
    give_up_at = _loop_time() + LOCK_WAIT_S
    await asyncio.to_thread(parts.ask_for, upload_id)
    try:
        while _loop_time() < give_up_at:
            await asyncio.sleep(_LOCK_POLL_S)
            part = await asyncio.to_thread(parts.try_lock, upload_id)
            if part is not None:
                return part
    finally:
        await asyncio.to_thread(parts.withdraw, upload_id)
    raise UploadLocked("Another request is sending bytes of this upload. Wait for it, or try again in a moment.")


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
