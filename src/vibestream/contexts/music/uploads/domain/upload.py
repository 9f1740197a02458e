"""One upload: its states, and the decisions about what may be done to it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from vibestream.kernel.errors import Conflict, Forbidden, Gone, InvalidInput, Limited, TooLarge, Unavailable
from vibestream.kernel.ids import UploadId, UserId


class UploadGone(Gone):
    """The upload expired or was given up; its bytes are dropped. Begin a new one."""

    code: ClassVar[str] = "upload.gone"

    def __init__(self, *, state: str) -> None:
        super().__init__(f"This upload has {'expired' if state == 'expired' else 'been ended'}. Begin a new one.")
        self.state = state


class WrongOffset(Conflict):
    """The bytes do not continue where the upload stands; ask by HEAD and continue there."""

    code: ClassVar[str] = "upload.wrong_offset"

    def __init__(self, *, offset: int) -> None:
        super().__init__(f"This upload stands at byte {offset}. Continue there.")
        self.offset = offset


class UploadTooLarge(TooLarge):
    """The master is larger than this server accepts."""

    code: ClassVar[str] = "upload.too_large"

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(f"A master may have at most {limit_bytes} bytes here.")
        self.limit_bytes = limit_bytes


class BeyondEnd(TooLarge):
    """More bytes were sent than the upload was said to have."""

    code: ClassVar[str] = "upload.beyond_end"

    def __init__(self, *, size_bytes: int) -> None:
        super().__init__(f"This upload has {size_bytes} bytes and no more. Nothing beyond them was kept.")
        self.size_bytes = size_bytes


class NoArtist(Forbidden):
    """They are no artist, and no editor of one."""

    code: ClassVar[str] = "upload.no_artist"

    def __init__(self) -> None:
        super().__init__("Only artists, and editors in an artist's team, upload music.")


class EmptyUpload(InvalidInput):
    """A file without a byte is no master."""

    code: ClassVar[str] = "upload.empty"


class TooManyUnfinished(Limited):
    """The artist has as many unfinished uploads as one may have; finish, end or await some."""

    code: ClassVar[str] = "upload.too_many_unfinished"

    def __init__(self, *, limit: int) -> None:
        super().__init__(f"You have {limit} unfinished uploads. Finish or end one first.", retry_after_s=60)
        self.limit = limit


class AlreadyStored(Conflict):
    """The upload was accepted; its original is kept."""

    code: ClassVar[str] = "upload.already_stored"


class UploadElsewhere(Unavailable):
    """The bytes that arrived so far are in a folder that this web server does not see: see `VIBESTREAM_UPLOADS_DIR`."""

    code: ClassVar[str] = "upload.elsewhere"


class State(enum.StrEnum):
    """Where an upload stands. Only `RECEIVING` changes further."""

    RECEIVING = "receiving"
    STORED = "stored"
    EXPIRED = "expired"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One upload as its row says."""

    upload_id: UploadId
    user_id: UserId
    file_name: str
    metadata: str
    """The `Upload-Metadata` header, as it is given back."""
    size_bytes: int
    received_bytes: int
    """As many bytes as are certainly on disk; all of them only when the original is stored."""
    state: State
    place: UUID
    """The folder of unfinished uploads that holds the bytes."""
    sha256: str | None
    """Of the whole original, in hexadecimal; None until it is stored."""
    created_at: datetime
    expires_at: datetime
    """When an unfinished upload is dropped; each byte that arrives puts it off."""


def check_size(size_bytes: int, *, limit_bytes: int) -> None:
    """Return when an upload of this size may begin.

    Raises:
        EmptyUpload: it has no byte.
        UploadTooLarge: it is over the limit.
    """
    if size_bytes == 0:
        raise EmptyUpload("This file is empty. Choose the audio file itself.")
    if size_bytes > limit_bytes:
        raise UploadTooLarge(limit_bytes=limit_bytes)


def check_alive(upload: Upload, *, now: datetime) -> None:
    """Return when the upload was accepted, or can still be continued.

    Raises:
        UploadGone: it expired, also when nothing has noted that yet, or was ended.
    """
    if upload.state in {State.EXPIRED, State.TERMINATED}:
        raise UploadGone(state=upload.state.value)
    if upload.state is State.RECEIVING and upload.expires_at <= now:
        raise UploadGone(state=State.EXPIRED.value)


def check_continues(upload: Upload, *, offset: int, length: int | None, place: UUID, now: datetime) -> None:
    """Return when `length` bytes (None: not said beforehand) may be appended at `offset` in the folder `place`.

    Raises:
        UploadGone: it expired or was ended.
        WrongOffset: the upload stands elsewhere.
        BeyondEnd: so many bytes do not belong to it any more.
        UploadElsewhere: its bytes are in another folder.
    """
    check_alive(upload, now=now)
    if offset != upload.received_bytes:
        raise WrongOffset(offset=upload.received_bytes)
    if length is not None and offset + length > upload.size_bytes:
        raise BeyondEnd(size_bytes=upload.size_bytes)
    if upload.state is State.RECEIVING and upload.place != place:
        raise UploadElsewhere("Another server holds what you have sent so far. Try again in a moment.")
