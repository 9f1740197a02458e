"""Counting listens into months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from vibestream.contexts.payment.royalties.domain.months import month_of, next_month
from vibestream.contexts.payment.royalties.domain.usage import Listen
from vibestream.contexts.payment.royalties.store import usage as store
from vibestream.kernel.ids import ArtistId, TrackId, UserId
from vibestream.platform.database import Tx


async def register_track(
    tx: Tx, *, track_id: TrackId, artist_id: ArtistId, owner_user_id: UserId, title: str, isrc: str | None = None
) -> None:
    """Keep whose a track is and what statements call it. The owner is who was said to be it first, for ever."""
    await store.save_track(tx, track_id, artist_id=artist_id, owner_user_id=owner_user_id, title=title[:500], isrc=isrc)


async def count_listens(tx: Tx, *, listens: Sequence[Listen]) -> int:
    """Count accepted listens, each once by its id however often it is told, and return how many were new.

    A listen counts in the month in UTC in which it was heard; when that is closed, in the first later month that is
    open, where its line still says when it was heard.

    Raises:
        InvalidMonth: an instant has no time zone.
    """
    if not listens:
        return 0
    await store.add_tracks(tx, listens)
    open_months = {
        heard: await _open_month(tx, heard) for heard in sorted({month_of(listen.heard_at) for listen in listens})
    }
    return await store.count(tx, [(open_months[month_of(listen.heard_at)], listen) for listen in listens])


async def _open_month(tx: Tx, month: date) -> date:
    """Return the first month from this one on that is open, and keep it open until the transaction ends."""
    while not await store.hold_open(tx, month):
        month = next_month(month)
    return month
