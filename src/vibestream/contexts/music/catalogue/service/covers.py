"""A cover that an artist uploads: read in the sandbox, kept in sizes, then given to the release.

Unlike the rest of the catalogue this takes the runtime and opens its own short transactions: a picture arrives over
seconds and is decoded over more, and no transaction may wait for either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from vibestream.contexts.music.catalogue.domain import CoverImage, EditConflict, Release
from vibestream.contexts.music.catalogue.service.editing import set_cover
from vibestream.contexts.music.catalogue.service.locking import locked
from vibestream.kernel.ids import ReleaseId, UserId
from vibestream.platform.database import Tx
from vibestream.platform.media.pictures import (
    PICTURE_TYPE,
    Cut,
    Picture,
    PictureRefused,
    PicturesUnreadable,
    picture_from,
)
from vibestream.platform.runtime import Runtime

__all__ = ["PictureRefused", "PicturesUnreadable", "upload_cover"]

_COVER: Final = Cut(ratio=None, edges=(1_200, 640, 160))
"""Covers are shown whole, whatever their shape."""


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
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
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
    release = await locked(tx, release_id=release_id, editor=user_id)
    if release.version != version:
        raise EditConflict(version=release.version)


async def _kept(runtime: Runtime, picture: AsyncIterator[bytes]) -> tuple[CoverImage, ...]:
    sizes = await picture_from(runtime, picture, cut=_COVER)
    for size in sizes:
        await runtime.objects.put_bytes(_key(size), size.data, content_type=PICTURE_TYPE)
    return tuple(CoverImage(_key(size), size.width, size.height) for size in sizes)


def _key(size: Picture) -> str:
    return f"covers/{size.name}"
