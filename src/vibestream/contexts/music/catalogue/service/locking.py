"""A release, locked for whoever may change it."""

from __future__ import annotations

from vibestream.contexts.music.catalogue import store
from vibestream.contexts.music.catalogue.domain import ReadOnly, Release
from vibestream.contexts.music.catalogue.service.reading import ReleaseMissing
from vibestream.kernel.ids import ReleaseId, UserId
from vibestream.platform.database import Tx


async def locked(tx: Tx, *, release_id: ReleaseId, editor: UserId | None) -> Release:
    """Return a release that somebody may edit, or, without one, any; nobody else changes it meanwhile.

    Raises:
        ReleaseMissing: there is none, or they have no part in its artist.
        ReadOnly: they are an analyst there.
    """
    release = await store.lock_release(tx, release_id=release_id, editor=editor)
    if release is not None:
        return release
    if editor is not None and await store.part_in_release(tx, release_id=release_id, user_id=editor):
        raise ReadOnly
    raise ReleaseMissing
