"""Who works on an artist's music beside its owner.

Teams and rosters are another context's. A flow calls this in the very transaction that changes them, so that there is no
moment in which somebody is out of a team and still in the music: see docs/decisions/0029.
"""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.music.catalogue import store
from vibestream.contexts.music.catalogue.domain import Part, Through
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx


async def admit_member(
    tx: Tx, *, artist_id: ArtistId, user_id: UserId, through: Through, part: Part, now: datetime
) -> None:
    """Let somebody work on an artist's music as an editor or an analyst; said again, what was said last holds."""
    await store.save_member(tx, artist_id=artist_id, user_id=user_id, through=through, part=part, since=now)


async def dismiss_member(tx: Tx, *, artist_id: ArtistId, user_id: UserId, through: Through) -> None:
    """End it. Waits for an edit of theirs that is under way; what they begin afterwards finds nothing."""
    await store.drop_member(tx, artist_id=artist_id, user_id=user_id, through=through)


async def members_through(tx: Tx, *, through: Through) -> set[tuple[ArtistId, UserId, str]]:
    """Return everybody who works for an artist through something: the artist, who, and as what."""
    return await store.list_members(tx, through=through)
