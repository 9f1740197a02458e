"""A cover that an artist uploads: read in the sandbox, kept in sizes, then given to the release.

Unlike the rest of the catalogue this takes the runtime and opens its own short transactions: a picture arrives over
seconds and is decoded over more, and no transaction may wait for either.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from vibestream.contexts.music.catalogue import store
from vibestream.contexts.music.catalogue.domain import CoverImage, EditConflict, Release
from vibestream.contexts.music.catalogue.gateway import PictureRefused, PicturesUnreadable, read_picture
from vibestream.contexts.music.catalogue.service.editing import set_cover
from vibestream.contexts.music.catalogue.service.reading import ReleaseMissing
from vibestream.kernel.ids import ReleaseId, UserId
from vibestream.platform.database import Tx
from vibestream.platform.media.sandbox import Sandbox, open_sandbox
from vibestream.platform.runtime import Runtime

__all__ = ["PictureRefused", "PicturesUnreadable", "upload_cover"]

_WEBP_TYPE = "image/webp"


async def upload_cover(
    runtime: Runtime,
    *,
    release_id: ReleaseId,
    user_id: UserId,
    version: int,
    picture: AsyncIterator[bytes],
    now: datetime,
) -> Release:
    """Give a release of the account a cover that arrives as a file.

    Whose release it is, and its version, are checked before a byte is read; images are durable before they are named.

    Raises:
        ReleaseMissing: there is none, or it is another artist's.
        EditConflict: the editor saw another version.
        PictureRefused: the file cannot become a cover.
        SandboxMissing, PicturesUnreadable: pictures cannot be read on this machine now.
    """
    async with runtime.database.begin() as tx:
        await _check(tx, release_id=release_id, user_id=user_id, version=version)
    cover = await _kept(runtime, picture)
    return await runtime.database.run(
        lambda tx: set_cover(tx, release_id=release_id, user_id=user_id, cover=cover, version=version, now=now)
    )


async def _check(tx: Tx, *, release_id: ReleaseId, user_id: UserId, version: int) -> None:
    release = await store.load_release(tx, release_id=release_id)
    if release is None or release.artist.owner_user_id != user_id:
        raise ReleaseMissing
    if release.version != version:
        raise EditConflict(version=release.version)


async def _kept(runtime: Runtime, picture: AsyncIterator[bytes]) -> tuple[CoverImage, ...]:
    sandbox = open_sandbox(runtime.settings.media_sandbox)
    data = b"".join([piece async for piece in picture])
    with tempfile.TemporaryDirectory(prefix="vibestream-cover-") as folder:
        path = await runtime.cpu.run(_given, sandbox, Path(folder), data)
        sizes = await read_picture(sandbox, path)
    for size in sizes:
        await runtime.objects.put_bytes(size.key, size.data, content_type=_WEBP_TYPE)
    return tuple(CoverImage(size.key, size.width, size.height) for size in sizes)


def _given(sandbox: Sandbox, folder: Path, data: bytes) -> Path:
    folder.chmod(0o711)  # without bubblewrap the reader is another user, who must get through
    path = folder / "picture"
    path.write_bytes(data)
    sandbox.give(path)
    return path
