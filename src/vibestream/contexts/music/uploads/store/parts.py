"""Part files: the bytes of uploads while they arrive, one file per upload in a folder of this machine (or a shared one).

The row says how many bytes count; what a part file holds beyond them is the rest of a request that was cut or killed,
and is cut off before the next byte is written. One writer at a time holds the file's `flock`, which the system releases
when its holder dies, however it dies. Nothing here is asynchronous; callers use threads.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from vibestream.kernel.errors import Gone
from vibestream.kernel.ids import UploadId, new_id
from vibestream.platform.storage.objects import full_disk_explained

CHUNK_BYTES: Final = 1024 * 1024
_PART: Final = ".part"
_ASKED: Final = ".asked"
_COPY: Final = ".copy"
_PLACE: Final = "place"
_CLOSED: Final = -1
_LOST: Final = "What you have sent so far was lost on our side. Begin this upload again."


class PartLost(Gone):
    """What had arrived is not on this server's disk any more: it was restored from a backup, or tampered with."""

    code = "upload.lost"


class PartClosed(ValueError):
    """A part file was used after it was closed: a defect, unless its request was cancelled."""


class Hash(Protocol):
    """A running digest, as hashlib makes them."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""
        ...

    def digest(self) -> bytes:
        """Return the digest of what was taken in so far."""
        ...

    def hexdigest(self) -> str:
        """Return the same in lower-case hexadecimal."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The folder of part files."""

    folder: Path
    place: UUID
    """Names this folder in the rows of the uploads whose bytes it holds."""

    @classmethod
    def at(cls, folder: Path) -> Parts:
        """Return the folder, made and named when it is new. Whoever makes it at the same moment gets the same name."""
        named = folder / _PLACE
        if not named.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = str(new_id())
            draft = folder / f"{_PLACE}.{name}"
            draft.write_text(name)
            with suppress(FileExistsError):
                os.link(draft, named)
            draft.unlink()
        return cls(folder, UUID(named.read_text()))

    def free_bytes(self) -> int:
        """Return how much room the disk has for us."""
        return shutil.disk_usage(self.folder).free

    def try_lock(self, upload_id: UploadId) -> Part | None:
        """Return the upload's part file, open and locked, made when there is none; None while another writes to it."""
        path = self._path(upload_id)
        while True:
            with full_disk_explained():
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            if _is_at(descriptor, path):  # else it was removed or replaced before the lock was had
                self._asked(upload_id).unlink(missing_ok=True)
                return Part(path, descriptor)
            os.close(descriptor)

    def is_busy(self, upload_id: UploadId) -> bool:
        """Say whether somebody writes to the upload's part file at this moment."""
        try:
            descriptor = os.open(self._path(upload_id), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def ask_for(self, upload_id: UploadId) -> None:
        """Ask whoever writes to the upload to let go, if nothing arrives there anyway."""
        with full_disk_explained():
            self._asked(upload_id).touch()

    def withdraw(self, upload_id: UploadId) -> None:
        """Stop asking."""
        self._asked(upload_id).unlink(missing_ok=True)

    def is_asked_for(self, upload_id: UploadId) -> bool:
        """Say whether somebody waits for the upload's lock."""
        return self._asked(upload_id).exists()

    def remove(self, upload_id: UploadId) -> None:
        """Drop an upload's bytes. A writer that is at it writes into nowhere, and is refused when it notes progress."""
        for suffix in (_PART, _ASKED, _COPY):
            self._path(upload_id).with_suffix(suffix).unlink(missing_ok=True)

    def list_all(self) -> Iterator[tuple[UploadId, float]]:
        """Yield every upload that has a file here, and the Unix time at which that last changed."""
        for path in self.folder.iterdir():
            if path.suffix in {_PART, _ASKED, _COPY}:
                with suppress(FileNotFoundError):  # finished meanwhile
                    yield UploadId(UUID(path.stem)), path.stat().st_mtime

    def _path(self, upload_id: UploadId) -> Path:
        return self.folder / f"{upload_id}{_PART}"

    def _asked(self, upload_id: UploadId) -> Path:
        return self.folder / f"{upload_id}{_ASKED}"


class Part:
    """A part file that this process alone writes to, until it is closed."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._folder_synced = False
        self._in_use = threading.Lock()

    def prepare(self, keep: int) -> None:
        """Make the file hold exactly the bytes that count.

        A finished part is handed to the object store as a second name of the same blocks. When the process died right
        after that, the next writer must not write into what is an original by now: it gets a copy of its own.

        Raises:
            PartLost: it holds fewer.
            StorageFull: no room for the copy.
        """
        with self._using() as descriptor:
            found = os.fstat(descriptor)
            if found.st_size < keep:
                raise PartLost(_LOST)
            _cut(descriptor if found.st_nlink == 1 else self._unshare(), keep)

    def append(self, pieces: Sequence[bytes], hashes: Sequence[Hash]) -> None:
        """Write pieces at the end, and into running digests.

        Raises:
            StorageFull: no room.
        """
        block = b"".join(pieces)
        with self._using() as descriptor, full_disk_explained():
            written = 0
            while written < len(block):
                written += os.write(descriptor, memoryview(block)[written:])
        for running in hashes:
            running.update(block)

    def cut(self, keep: int) -> None:
        """Drop what lies beyond the first `keep` bytes."""
        with self._using() as descriptor:
            _cut(descriptor, keep)

    def sync(self) -> None:
        """Return once everything written so far would survive a power cut.

        Raises:
            StorageFull: no room.
        """
        with self._using() as descriptor, full_disk_explained():
            os.fdatasync(descriptor)
            if not self._folder_synced:
                _fsync_folder(self.path.parent)
                self._folder_synced = True

    def digest(self, running: Hash, *, begin: int, end: int) -> None:
        """Take the bytes of [begin, end) into a running digest."""
        with self._using() as descriptor:
            while begin < end:
                chunk = os.pread(descriptor, min(CHUNK_BYTES, end - begin), begin)
                if not chunk:
                    raise PartLost(_LOST)
                running.update(chunk)
                begin += len(chunk)

    def close(self) -> None:
        """Release the lock, once a call that still runs in another thread has ended. Nothing works afterwards."""
        with self._in_use:
            descriptor, self._descriptor = self._descriptor, _CLOSED
            if descriptor != _CLOSED:
                os.close(descriptor)

    @contextmanager
    def _using(self) -> Iterator[int]:
        # A request can be cancelled while its thread still writes. Closing under that thread would hand its next
        # write to whichever file gets the number next.
        with self._in_use:
            if self._descriptor == _CLOSED:
                raise PartClosed(self.path)
            yield self._descriptor

    def _unshare(self) -> int:
        copy = self.path.with_suffix(_COPY)
        with full_disk_explained():
            descriptor = os.open(copy, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                with self.path.open("rb") as source, os.fdopen(os.dup(descriptor), "wb") as target:
                    shutil.copyfileobj(source, target, CHUNK_BYTES)
                os.fsync(descriptor)
                copy.replace(self.path)
            except OSError:
                os.close(descriptor)
                raise
            finally:
                copy.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = descriptor
        return descriptor


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)


def _cut(descriptor: int, keep: int) -> None:
    os.ftruncate(descriptor, keep)
    os.lseek(descriptor, keep, os.SEEK_SET)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
