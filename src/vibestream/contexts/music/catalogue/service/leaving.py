"""What becomes of an artist's public music when they leave."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.music.catalogue.service.publishing import take_down_release
from vibestream.contexts.music.catalogue.service.reading import ReleaseMissing
from vibestream.contexts.music.catalogue.store import lock_release
from vibestream.contexts.music.catalogue.store import personal as store
from vibestream.contexts.music.catalogue.store.personal import PublicTrack
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

__all__ = ["PublicTrack", "public_tracks_of", "take_down_all"]


async def take_down_all(tx: Tx, *, user_id: UserId, now: datetime) -> int:
    """Withdraw every public release of an account, announcing each, and return how many that were."""
    public = await store.list_published_of(tx, owner=user_id)
    for release_id in public:
        release = await lock_release(tx, release_id=release_id, editor=user_id)
        if release is None:
            raise ReleaseMissing
        await take_down_release(tx, release_id=release_id, user_id=user_id, version=release.version, now=now)
    return len(public)


async def public_tracks_of(tx: Tx, *, user_id: UserId) -> list[PublicTrack]:
    """Return the tracks of an account that anybody may play."""
    return await store.list_public_tracks_of(tx, owner=user_id)
