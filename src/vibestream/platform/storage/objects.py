"""What every object store promises: keys, the facts of an object, the ways to fail, the protocol."""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, Final, Protocol

from vibestream.kernel.errors import Conflict, InvalidInput, Missing, Unavailable

CHUNK_BYTES: Final = 256 * 1024
"""How much is read or hashed at a time; also the size of what `open_range` yields, its last piece excepted."""

_MAX_KEY: Final = 512
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=-]{0,199}")
_CONTENT_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+(; [a-z]+=[A-Za-z0-9._-]+)?")
_MAX_CONTENT_TYPE: Final = 80
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class InvalidKey(InvalidInput):
    """The key is outside the grammar, or would make one object the folder of another."""

    code: ClassVar[str] = "storage.invalid_key"


class ObjectMissing(Missing):
    """No object has this key."""

    code: ClassVar[str] = "storage.missing"

    def __init__(self, *, key: str) -> None:
        super().__init__(f"There is no object {key}.")
        self.key = key


class ObjectDiffers(Conflict):
    """An immutable key already holds other content."""

    code: ClassVar[str] = "storage.differs"

    def __init__(self, *, key: str) -> None:
        super().__init__(f"The immutable object {key} already exists with other content.")
        self.key = key


class ObjectStoreUnavailable(Unavailable):
    """The store did not answer, or refused us; the same request may succeed later."""

    code: ClassVar[str] = "storage.unavailable"


class StorageFull(Unavailable):
    """There is no room left where bytes are kept. Nothing of what was being written is reachable."""

    code: ClassVar[str] = "storage.full"
    http_status: ClassVar[int] = 507
    """Insufficient Storage, RFC 4918: clients that resume uploads try again after it."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """The facts of one stored object."""

    key: str
    size: int
    """Bytes."""
    etag: str
    """SHA-256 of the content in lower-case hexadecimal, without quotes: equal on every node and in every store."""
    content_type: str


class ObjectStore(Protocol):
    """Objects under keys. Safe to share between tasks.

    A key is 1 to 512 characters: segments of letters, digits and `._=-` between slashes, none beginning with a dot or a
    hyphen; no key is the folder of another. Whoever reads sees an object whole or not at all, also after a power cut
    or `kill -9`: a `put_*` that returned is durable, one that did not left nothing reachable.

    Every method may raise `InvalidKey` and `ObjectStoreUnavailable`.
    """

    async def put_file(
        self,
        key: str,
        path: Path,
        *,
        content_type: str,
        immutable: bool = True,
        sha256: str | None = None,
        adopt: bool = False,
    ) -> ObjectInfo:
        """Store the content of a local file.

        Args:
            key: where to.
            path: the file; it must not change while it is stored.
            content_type: its media type, given back by `stat` and sent to whoever fetches it from the store itself.
            immutable: the key never changes its content: storing the same content again does nothing. Caches may keep
                it for ever. A mutable object is replaced, and each reader sees the old one or the new one.
            sha256: the content's digest when the caller computed it while writing; it is believed.
            adopt: the file is finished for ever, so the store may share its blocks (a hard link) instead of copying.

        Raises:
            ObjectDiffers: immutable, and the key holds other content.
            StorageFull: no room.
        """
        ...

    async def put_bytes(self, key: str, data: bytes, *, content_type: str, immutable: bool = True) -> ObjectInfo:
        """Store bytes, as `put_file` does."""
        ...

    def open_range(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of the half-open range [start, end), as many as there are; an end of None is the object's.

        Raises:
            ObjectMissing: at the first step of the iteration.
        """
        ...

    async def get_bytes(self, key: str) -> bytes:
        """Return a whole object; for small ones.

        Raises:
            ObjectMissing: there is none.
        """
        ...

    async def stat(self, key: str) -> ObjectInfo | None:
        """Return an object's facts, None when there is no such object."""
        ...

    def local_path(self, key: str) -> str | None:
        """Return a path at which this process can open the object, None when it has none.

        An S3 store never has one. Opening the path always finds some complete version of the object. Asked for every
        segment that is sent: a `Path` would cost twice what the question does.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none. Readers that have begun finish."""
        ...

    def list_keys(self, prefix: str = "") -> AsyncIterator[str]:
        """Yield, in no particular order, every key below the folder `prefix` (without a slash at its end)."""
        ...


def checked_key(key: str) -> str:
    """Return the key when it keeps to the grammar, which leaves no way out of the store's folder.

    Raises:
        InvalidKey: it does not.
    """
    if len(key) > _MAX_KEY or not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise InvalidKey("An object's key is letters, digits and ._=- between slashes.")
    return key


def checked_content_type(content_type: str) -> str:
    """Return the media type when it is one that may stand in a header.

    Raises:
        InvalidInput: it is not.
    """
    if len(content_type) > _MAX_CONTENT_TYPE or not _CONTENT_TYPE.fullmatch(content_type):
        raise InvalidInput("A media type is type/subtype in lower case with at most one parameter.")
    return content_type


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_and_digest(source: BinaryIO, target: BinaryIO) -> str:
    """Copy a stream to its end and return the SHA-256, in hexadecimal, of what was copied."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


@contextmanager
def full_disk_explained() -> Iterator[None]:
    """Turn the operating system's "no room" into `StorageFull`.

    Raises:
        StorageFull: no space (ENOSPC), the quota is used up (EDQUOT) or the file may not grow further (EFBIG).
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("The server has no room left for this. Nothing was lost; try again later.") from error
        raise
