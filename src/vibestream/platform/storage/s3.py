"""Objects in an S3-compatible service, through obstore.

The content's SHA-256 travels as user metadata, because the service's own ETag depends on how an object was uploaded.
The service checks each part against a SHA-256 that the client sends. An upload becomes visible when it completes, whole.

Limits: an immutable object larger than `_ONE_REQUEST_BYTES` is guarded by a look before the write, not by a condition
of the write (S3 has none for parts); two writers of different content under one key, at the same moment, would end with
the later one's. Our immutable keys name their content, so that there is no different content. An upload cut off by a
crash leaves invisible parts in the bucket: give it a rule that aborts incomplete multipart uploads after a day.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from vibestream.kernel.errors import InvalidInput
from vibestream.platform.storage.objects import (
    CHUNK_BYTES,
    ObjectDiffers,
    ObjectInfo,
    ObjectMissing,
    ObjectStoreUnavailable,
    checked_content_type,
    checked_key,
    digest_of_file,
)

if TYPE_CHECKING:  # the library has the type for checkers only
    from obstore.store import S3Config

_SHA256: Final = "sha256"
_ONE_REQUEST_BYTES: Final = 8 * 1024 * 1024
_PARTS_AT_ONCE: Final = 4
_KEPT_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASKED_EACH_TIME: Final = "no-cache"


class S3ObjectStore:
    """An `ObjectStore` in one bucket. See the module's text for its limits."""

    def __init__(
        self,
        *,
        bucket: str,
        region: str,
        endpoint: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        give_up_after_s: int = 60,
    ) -> None:
        config: S3Config = {"region": region, "checksum_algorithm": "sha256"}
        if endpoint is not None:
            config["endpoint"] = endpoint
        if access_key_id is not None:
            config["access_key_id"] = access_key_id
        if secret_access_key is not None:
            config["secret_access_key"] = secret_access_key
        self._store = S3Store(
            bucket,
            config=config,
            client_options={"allow_http": endpoint is not None and endpoint.startswith("http://")},
            retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=give_up_after_s)},
        )

    async def put_file(
        self,
        key: str,
        path: Path,
        *,
        content_type: str,
        immutable: bool = True,
        sha256: str | None = None,
        adopt: bool = False,  # noqa: ARG002 - a service can share no blocks with us
    ) -> ObjectInfo:
        """Store the content of a local file; see `ObjectStore`."""
        checked_key(key)
        if sha256 is None:
            sha256 = await asyncio.to_thread(digest_of_file, path)
        size = (await asyncio.to_thread(path.stat)).st_size
        info = ObjectInfo(key, size, sha256, checked_content_type(content_type))
        return await self._put(info, path, immutable=immutable)

    async def put_bytes(self, key: str, data: bytes, *, content_type: str, immutable: bool = True) -> ObjectInfo:
        """Store bytes; see `ObjectStore`."""
        sha256 = hashlib.sha256(data).hexdigest()
        info = ObjectInfo(checked_key(key), len(data), sha256, checked_content_type(content_type))
        return await self._put(info, data, immutable=immutable)

    async def open_range(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of [start, end); see `ObjectStore`."""
        if start < 0 or (end is not None and end < start):
            raise InvalidInput("A byte range begins at 0 or later and does not end before it begins.")
        if start > 0 or end is not None:
            # The service refuses a range that holds no byte, in words that differ from provider to provider.
            stored = await self.stat(key)
            if stored is None:
                raise ObjectMissing(key=key)
            end = stored.size if end is None else min(end, stored.size)
            if start >= end:
                return
        with _explained(key):
            found = await obstore.get_async(
                self._store, checked_key(key), options={} if end is None else {"range": (start, end)}
            )
            async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    async def get_bytes(self, key: str) -> bytes:
        """Return a whole object; see `ObjectStore`."""
        with _explained(key):
            found = await obstore.get_async(self._store, checked_key(key))
            return bytes(await found.bytes_async())

    async def stat(self, key: str) -> ObjectInfo | None:
        """Return an object's facts; see `ObjectStore`."""
        try:
            with _explained(key):
                found = await obstore.get_async(self._store, checked_key(key), options={"head": True})
        except ObjectMissing:
            return None
        sha256 = found.attributes.get(_SHA256)
        if sha256 is None:
            raise ObjectStoreUnavailable(f"The object {key} was not written by VibeStream: it carries no checksum.")
        content_type = found.attributes.get("Content-Type", "application/octet-stream")
        return ObjectInfo(key, found.meta["size"], sha256, content_type)

    def local_path(self, key: str) -> str | None:
        """Return None: nothing of a bucket is local."""
        checked_key(key)
        return None

    async def delete(self, key: str) -> None:
        """Remove an object; see `ObjectStore`."""
        with _explained(key):
            await obstore.delete_async(self._store, checked_key(key))

    async def list_keys(self, prefix: str = "") -> AsyncIterator[str]:
        """Yield every key below a folder; see `ObjectStore`."""
        with _explained(prefix):
            async for page in obstore.list(self._store, checked_key(prefix) + "/" if prefix else None):
                for meta in page:
                    yield meta["path"]

    async def _put(self, info: ObjectInfo, content: Path | bytes, *, immutable: bool) -> ObjectInfo:
        if immutable and (stored := await self._same(info)) is not None:
            return stored
        one_request = info.size <= _ONE_REQUEST_BYTES
        try:
            with _explained(info.key):
                await obstore.put_async(
                    self._store,
                    info.key,
                    content,
                    attributes={
                        "Content-Type": info.content_type,
                        "Cache-Control": _KEPT_FOR_EVER if immutable else _ASKED_EACH_TIME,
                        _SHA256: info.etag,
                    },
                    mode="create" if immutable and one_request else None,
                    use_multipart=not one_request,
                    chunk_size=_ONE_REQUEST_BYTES,
                    max_concurrency=_PARTS_AT_ONCE,
                )
        except ObjectMissing as error:  # what a write misses is the bucket
            raise ObjectStoreUnavailable("The object store has no such bucket. Check VIBESTREAM_S3_BUCKET.") from error
        except AlreadyExistsError:
            if (stored := await self._same(info)) is None:  # written and removed while we looked
                raise ObjectStoreUnavailable(f"The object {info.key} is being changed. Try again.") from None
            return stored
        return info

    async def _same(self, info: ObjectInfo) -> ObjectInfo | None:
        stored = await self.stat(info.key)
        if stored is not None and stored.etag != info.etag:
            raise ObjectDiffers(key=info.key)
        return stored


@contextmanager
def _explained(key: str) -> Iterator[None]:
    """Turn what the client library raises into our errors."""
    try:
        yield
    except FileNotFoundError:
        raise ObjectMissing(key=key) from None
    except AlreadyExistsError:
        raise
    except (BaseError, OSError) as error:
        raise ObjectStoreUnavailable("The object store does not answer. Try again in a moment.") from error
