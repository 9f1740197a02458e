"""The replica of what listeners may hear, and what follows from it."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.music.delivery import store
from vibestream.contexts.music.delivery.domain.quality import EVERYBODYS, Quality
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def set_quality(
    tx: Tx, *, user_id: UserId, max_kbps: int, lossless: bool, until: datetime | None, as_of: datetime
) -> None:
    """Remember the best that a listener may hear; news older than what is known changes nothing.

    Args:
        tx: the caller's transaction.
        user_id: the listener.
        max_kbps: the best lossy rendition, by the bitrate that it is named for.
        lossless: whether the lossless one may be heard, and with it everything.
        until: from when on it is what everybody may hear, also when no further news comes; None: no end is known.
        as_of: when this was so.
    """
    await store.save_quality(
        tx, user_id=user_id, quality=Quality(max_kbps, lossless=lossless), until=until, as_of=as_of
    )


async def quality_of(tx: Tx, *, user_id: UserId | None, now: datetime) -> Quality:
    """Return the best that somebody may hear at an instant; None is somebody who is not signed in."""
    if user_id is None:
        return EVERYBODYS
    return await store.load_quality(tx, user_id=user_id, now=now) or EVERYBODYS
