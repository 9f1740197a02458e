"""Who works for an artist, and which listens are of one's own work. The public interface of this capability.

Teams and rosters are user's. `flows.work_for_artists` calls this in the transaction that changes them, so that nobody is
paid for a listen between joining and the news of it. Said again, it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from vibestream.contexts.listen_reward.insiders import domain, store
from vibestream.contexts.listen_reward.insiders.domain import Through
from vibestream.kernel.ids import ArtistId, ListenId, UserId, new_id
from vibestream.platform.database import Tx

__all__ = ["Through", "admit", "dismiss", "everybody", "own_work"]


async def admit(
    tx: Tx, *, artist_id: ArtistId, owner_user_id: UserId, user_id: UserId, through: Through, now: datetime
) -> None:
    """Note that somebody works for an artist from now on. Through team and label it is noted apart."""
    await store.insert_insider(
        tx,
        insider_id=new_id(),
        artist_id=artist_id,
        owner_user_id=owner_user_id,
        user_id=user_id,
        through=through,
        now=now,
    )


async def dismiss(tx: Tx, *, artist_id: ArtistId, user_id: UserId, through: Through, now: datetime) -> None:
    """Note that somebody works for an artist, through a team or as its label, no more. What they heard before stays theirs."""
    await store.end_insider(tx, artist_id=artist_id, user_id=user_id, through=through, now=now)


async def own_work(tx: Tx, *, listen_ids: Iterable[ListenId]) -> set[ListenId]:
    """Return those of these listens during which their listener worked for the artist, however late it is asked."""
    return domain.own_work(await store.list_worked(tx, listen_ids))


async def everybody(tx: Tx) -> set[tuple[ArtistId, UserId, Through]]:
    """Return everybody who works for an artist now: the artist, who, and through what."""
    return await store.list_insiders(tx)
