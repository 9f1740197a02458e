"""Objects in a local folder.

An object is a symbolic link at its key's path to a hidden file beside it, `.{sha256}.{nonce}.{media type}`. The link is
put in place by one rename, so content, checksum and media type change together or not at all; a side file for the last
two could not promise that, and extended attributes are missing on too many file systems. The tree can be served by
nginx as it is.

The order of a write is: content into `.incoming`, fsync, rename into the key's folder, link, rename of the link, fsync
of the folder. A crash between leaves at worst one unreachable hidden file. Writers of one folder take turns by `flock`,
also across processes; readers need no lock.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import io
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from vibestream.kernel.errors import InvalidInput
from vibestream.platform.storage.objects import (
    CHUNK_BYTES,
    InvalidKey,
    ObjectDiffers,
    ObjectInfo,
    ObjectMissing,
    checked_content_type,
    checked_key,
    copy_and_digest,
    digest_of_file,
    full_disk_explained,
)

_INCOMING: Final = ".incoming"
_STALE_S: Final = 24 * 3600
_NO_HARD_LINK: Final = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS})


@dataclass(frozen=True, slots=True)
class _Draft:
    """Durable content that no key leads to yet."""

    path: Path
    sha256: str


class LocalObjectStore:
    """An `ObjectStore` in one folder of one file system. See the module's text for how."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._folder = str(self.root)
        self._incoming = self.root / _INCOMING
        self._drop_stale_drafts()

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
        """Store the content of a local file; see `ObjectStore`."""
        checked_key(key)
        checked_content_type(content_type)
        if immutable and sha256 is not None and (stored := await self.stat(key)) is not None and stored.etag == sha256:
            return stored

        def draft() -> _Draft:
            return self._draft_of_file(path, sha256=sha256, adopt=adopt)

        return await asyncio.to_thread(self._put, key, draft, content_type, immutable)

    async def put_bytes(self, key: str, data: bytes, *, content_type: str, immutable: bool = True) -> ObjectInfo:
        """Store bytes; see `ObjectStore`."""
        checked_key(key)
        checked_content_type(content_type)
        return await asyncio.to_thread(self._put, key, lambda: self._draft_of_bytes(data), content_type, immutable)

    async def open_range(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of [start, end); see `ObjectStore`."""
        if start < 0 or (end is not None and end < start):
            raise InvalidInput("A byte range begins at 0 or later and does not end before it begins.")
        try:
            file = (self.root / checked_key(key)).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise ObjectMissing(key=key) from None
        with file:
            left = os.fstat(file.fileno()).st_size - start if end is None else end - start
            file.seek(start)
            while left > 0 and (chunk := await asyncio.to_thread(file.read, min(left, CHUNK_BYTES))):
                left -= len(chunk)
                yield chunk

    async def get_bytes(self, key: str) -> bytes:
        """Return a whole object; see `ObjectStore`."""
        return b"".join([chunk async for chunk in self.open_range(key)])

    async def stat(self, key: str) -> ObjectInfo | None:
        """Return an object's facts; two system calls, so they are made in the event loop's own thread."""
        return self._stat(checked_key(key))

    def local_path(self, key: str) -> str | None:
        """Return the path of an object; opening it is atomic, because it is the link."""
        path = f"{self._folder}/{checked_key(key)}"
        return path if os.path.isfile(path) else None  # noqa: PTH113 - a third of the time that pathlib takes

    async def delete(self, key: str) -> None:
        """Remove an object; see `ObjectStore`."""
        await asyncio.to_thread(self._delete, checked_key(key))

    async def list_keys(self, prefix: str = "") -> AsyncIterator[str]:
        """Yield every key below a folder; see `ObjectStore`."""
        top = self.root / checked_key(prefix) if prefix else self.root
        folders = [top]
        while folders:
            keys, below = await asyncio.to_thread(self._list_folder, folders.pop())
            folders += below
            for key in keys:
                yield key

    def _put(self, key: str, make: Callable[[], _Draft], content_type: str, immutable: bool) -> ObjectInfo:  # noqa: FBT001
        with full_disk_explained():
            self._incoming.mkdir(parents=True, exist_ok=True)
            draft = make()
            try:
                return self._place(key, draft, content_type, immutable=immutable)
            finally:
                draft.path.unlink(missing_ok=True)

    def _draft_of_file(self, path: Path, *, sha256: str | None, adopt: bool) -> _Draft:
        target = self._incoming / secrets.token_hex(8)
        if adopt and _hard_link(path, target):
            _fsync(target)
            return _Draft(target, sha256 or digest_of_file(target))
        with _new_file(target) as out, path.open("rb") as source:
            if sha256 is None:
                sha256 = copy_and_digest(source, out)
            else:
                shutil.copyfileobj(source, out, CHUNK_BYTES)
        return _Draft(target, sha256)

    def _draft_of_bytes(self, data: bytes) -> _Draft:
        target = self._incoming / secrets.token_hex(8)
        with _new_file(target) as out:
            return _Draft(target, copy_and_digest(io.BytesIO(data), out))

    def _place(self, key: str, draft: _Draft, content_type: str, *, immutable: bool) -> ObjectInfo:
        path = self.root / key
        self._make_folder(path.parent)
        with _locked(path.parent) as folder:
            stored = self._stat(key)
            if stored is not None and immutable:
                if stored.etag != draft.sha256:
                    raise ObjectDiffers(key=key)
                os.fsync(folder)  # the writer who was first may not have come to it yet
                return stored
            before = _target_of(path)
            hidden = f".{draft.sha256}.{secrets.token_hex(4)}.{quote(content_type, safe='')}"
            draft.path.rename(path.with_name(hidden))
            _link(hidden, path)
            os.fsync(folder)
            if before is not None:
                path.with_name(before).unlink(missing_ok=True)
            size = path.with_name(hidden).stat().st_size
        return ObjectInfo(key, size, draft.sha256, content_type)

    def _stat(self, key: str) -> ObjectInfo | None:
        path = self.root / key
        while (target := _target_of(path)) is not None:
            try:
                size = path.with_name(target).stat().st_size
            except FileNotFoundError:
                if _target_of(path) == target:
                    return None  # a power cut kept the link and lost the content: the write had not returned
                continue  # replaced between the two calls
            sha256, _nonce, content_type = target.removeprefix(".").split(".", 2)
            return ObjectInfo(key, size, sha256, unquote(content_type))
        return None

    def _delete(self, key: str) -> None:
        path = self.root / key
        if _target_of(path) is None:
            return
        with _locked(path.parent) as folder:
            target = _target_of(path)
            if target is not None:
                path.unlink()
                os.fsync(folder)
                path.with_name(target).unlink(missing_ok=True)

    def _list_folder(self, folder: Path) -> tuple[list[str], list[Path]]:
        keys: list[str] = []
        below: list[Path] = []
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
                elif entry.is_symlink() and entry.is_file():  # a link that leads nowhere is no object
                    keys.append(str(Path(entry.path).relative_to(self.root)))
        return keys, below

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            try:
                path.mkdir(exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise InvalidKey("An object's key cannot be the folder of another.") from None
            _fsync(path.parent)

    def _drop_stale_drafts(self) -> None:
        for entry in os.scandir(self._incoming) if self._incoming.is_dir() else ():
            with suppress(FileNotFoundError):
                # The change time: a hard link to an old file is a young draft.
                if entry.stat().st_ctime < time.time() - _STALE_S:
                    Path(entry.path).unlink()


def _target_of(path: Path) -> str | None:
    try:
        return str(path.readlink())
    except OSError:  # nothing there, a folder (EINVAL), or below an object (ENOTDIR)
        return None


def _hard_link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno in _NO_HARD_LINK:
            return False
        raise
    return True


def _link(hidden: str, path: Path) -> None:
    draft = path.with_name(f".{secrets.token_hex(8)}")
    draft.symlink_to(hidden)
    try:
        draft.replace(path)
    except IsADirectoryError:
        draft.unlink()
        path.with_name(hidden).unlink()
        raise InvalidKey("An object's key cannot be the folder of another.") from None


@contextmanager
def _new_file(path: Path) -> Iterator[io.BufferedWriter]:
    """Open a file that does not exist yet and make it durable when the block ends; remove it when the block raises."""
    try:
        with path.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Take the folder's writers' lock, which the system releases when its holder dies; yield the folder's descriptor."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
