"""The artists of the catalogue: a replica of profiles that another context owns."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from vibestream.contexts.music.catalogue import store
from vibestream.contexts.music.catalogue.domain import Artist, ReadOnly, WorkedFor
from vibestream.kernel.errors import Missing, Unavailable
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx


class ArtistMissing(Missing):
    """There is no such artist, or not for this account."""

    code: ClassVar[str] = "catalogue.artist_missing"

    def __init__(self) -> None:
        super().__init__("There is no such artist.")


class ArtistNotHereYet(Unavailable):
    """The account's artist profile was made a moment ago and has not arrived in the catalogue."""

    code: ClassVar[str] = "catalogue.artist_not_here_yet"
    retry_after_s = 1

    def __init__(self) -> None:
        super().__init__("Your artist profile is being set up. Try again in a moment.")


async def register_artist(
    tx: Tx, *, artist_id: ArtistId, owner_user_id: UserId, name: str, handle: str, as_of: datetime
) -> None:
    """Keep what was last told of an artist profile, and when that was so.

    News of one profile must come in their order, as the bus delivers them: the instants of two of them come from two
    machines' clocks and cannot decide it.
    """
    await store.save_artist(tx, artist=Artist(artist_id, owner_user_id, name, handle), as_of=as_of)


async def artist_with_handle(tx: Tx, *, handle: str) -> Artist:
    """Return the artist who has a handle.

    Raises:
        ArtistMissing: nobody has it.
    """
    artist = await store.find_artist_by_handle(tx, handle=handle)
    if artist is None:
        raise ArtistMissing
    return artist


async def artists_of(tx: Tx, *, user_id: UserId) -> list[WorkedFor]:
    """Return the artists whose music an account has a part in: its own, then those it works for, the oldest first."""
    return await store.list_worked_for(tx, user_id=user_id)


async def artist_to_edit(tx: Tx, *, user_id: UserId, artist_id: ArtistId | None, awaited: bool) -> Artist:
    """Return an artist whose music an account may edit, and keep it so until the transaction ends.

    Without an id it is the first one; `awaited` says whether the account has an artist profile that may not have
    arrived here yet.

    Raises:
        ArtistMissing: the account has no part in that artist, or in none.
        ArtistNotHereYet: none was named and none is known yet.
        ReadOnly: it is an analyst there.
    """
    if artist_id is None:
        known = await store.list_worked_for(tx, user_id=user_id)
        chosen = next((one for one in known if one.part.edits), None)
        if chosen is None:
            raise ArtistNotHereYet if awaited else ArtistMissing
        artist_id = chosen.artist.artist_id
    found = await store.lock_worked_for(tx, artist_id=artist_id, user_id=user_id)
    if found is None:
        raise ArtistMissing
    if not found.part.edits:
        raise ReadOnly
    return found.artist
