"""Giving a profile a picture, and taking it away.

Unlike the rest of the context, giving takes the runtime and opens its own short transactions: a picture arrives over
seconds and is decoded over more, and no transaction may wait for either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from vibestream.contexts.user.pictures.domain import (
    MOST_TRIES,
    TRIES_WITHIN,
    Image,
    Picture,
    PictureTriesExhausted,
    Place,
    Subject,
    folder_of,
)
from vibestream.contexts.user.pictures.service.dropping import drop_later
from vibestream.contexts.user.pictures.service.seeing import seen
from vibestream.contexts.user.pictures.store import pictures as store
from vibestream.contexts.user.pictures.store import tries
from vibestream.contexts.user.profiles.service import ArtistMissing
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Tx
from vibestream.platform.media.pictures import (
    PICTURE_TYPE,
    Cut,
    PictureRefused,
    PicturesUnreadable,
    Refusal,
    picture_from,
)
from vibestream.platform.runtime import Runtime

__all__ = ["PictureRefused", "PicturesUnreadable", "give", "withdraw"]

_CUTS: Final[Mapping[Place, Cut]] = {
    Place.PORTRAIT: Cut(ratio=(1, 1), edges=(512, 128)),
    Place.BANNER: Cut(ratio=(3, 1), edges=(1_500, 750), least=(750, 250), too_small=Refusal.TOO_SMALL_FOR_BANNER),
}
_GIVEN_WITHIN: Final = timedelta(hours=1)
"""What is stored and stands on no profile after this time was given up half way."""


async def give(
    runtime: Runtime, *, subject: Subject, place: Place, pieces: AsyncIterator[bytes], now: datetime
) -> Picture:
    """Give a profile the picture that arrives in pieces, in the place of the one it has, and return it as it stood.

    Whose profile it is, and how many pictures were sent, is looked at before a byte is read, and the former again at the
    end. The objects are durable before a profile names them; those of the former picture are deleted soon after. Killed
    anywhere, nothing is left that no profile names.

    Raises:
        ArtistMissing: the artist is not theirs, and none that they edit.
        PictureTriesExhausted: they sent as many within an hour as are taken.
        PictureRefused: the file cannot be shown.
        SandboxMissing, PicturesUnreadable: pictures cannot be read on this machine now.
    """
    async with runtime.database.begin() as tx:
        await _admit(tx, subject, now)
    sizes = await picture_from(runtime, pieces, cut=_CUTS[place])
    picture_id = new_id()
    async with runtime.database.begin() as tx:
        await drop_later(tx, picture_id=picture_id, run_at=now + _GIVEN_WITHIN)
    images = tuple(Image(f"{folder_of(picture_id)}/{size.name}", size.width, size.height) for size in sizes)
    for image, size in zip(images, sizes, strict=True):
        await runtime.objects.put_bytes(image.key, size.data, content_type=PICTURE_TYPE)

    async def replace(tx: Tx) -> Picture:
        await withdraw(tx, subject=subject, place=place)
        if not await store.add_picture(tx, subject=subject, place=place, picture_id=picture_id, images=images, now=now):
            raise _missing()
        return await seen(tx, picture_id=picture_id, viewer=subject.user_id)

    return await runtime.database.run(replace)


async def withdraw(tx: Tx, *, subject: Subject, place: Place) -> None:
    """Take the picture in a place of a profile away, if there is one; its objects are deleted soon after.

    Raises:
        ArtistMissing: the artist is not theirs, and none that they edit.
    """
    if not await store.lock_subject(tx, subject=subject):
        raise _missing()
    for picture_id in await store.drop_picture(tx, subject=subject, place=place):
        await drop_later(tx, picture_id=picture_id)


async def _admit(tx: Tx, subject: Subject, now: datetime) -> None:
    if not await store.lock_subject(tx, subject=subject):
        raise _missing()
    counted = await tries.take(tx, user_id=subject.user_id, now=now, within=TRIES_WITHIN)
    if counted.taken > MOST_TRIES:
        left = counted.began_at + TRIES_WITHIN - now
        raise PictureTriesExhausted(retry_after_s=max(1, int(left.total_seconds())))


def _missing() -> ArtistMissing:
    return ArtistMissing("There is no such artist profile of yours.")
