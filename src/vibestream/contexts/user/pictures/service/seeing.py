"""Which pictures somebody may see."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from vibestream.contexts.user.pictures.domain import Picture, PictureMissing, Place
from vibestream.contexts.user.pictures.store import pictures as store
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def pictures_of(
    tx: Tx, *, subjects: Collection[UUID], viewer: UserId | None, place: Place = Place.PORTRAIT
) -> dict[UUID, Picture]:
    """Return the pictures of artists and fans with these ids, by id; who has none that the viewer may see is left out."""
    if not subjects:
        return {}
    found = await store.list_seen(tx, subjects=subjects, place=place, viewer=viewer)
    return {picture.subject_id: picture for picture in found}


async def seen(tx: Tx, *, picture_id: UUID, viewer: UserId | None) -> Picture:
    """Return a picture that the viewer may see.

    Raises:
        PictureMissing: there is none; its page is closed or hidden; one of the two blocked the other: nothing tells these apart.
    """
    found = await store.find_seen(tx, picture_id=picture_id, viewer=viewer)
    if found is None:
        raise PictureMissing
    return found
