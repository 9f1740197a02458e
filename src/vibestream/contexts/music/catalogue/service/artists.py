"""The artists of the catalogue: a replica of profiles that another context owns."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from vibestream.contexts.music.catalogue import store
from vibestream.contexts.music.catalogue.domain import Artist
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


async def artists_of(tx: Tx, *, user_id: UserId) -> list[Artist]:
    """Return the artist profiles of an account, the oldest first."""
    return await store.list_artists_of(tx, owner=user_id)


async def own_artist(tx: Tx, *, user_id: UserId, artist_id: ArtistId | None) -> Artist:
    """Return an artist profile of an account; without an id its first.

    Raises:
        ArtistMissing: that profile is not the account's.
        ArtistNotHereYet: none was named and none is known yet.
    """
    if artist_id is not None:
        artist = await store.load_own_artist(tx, artist_id=artist_id, owner=user_id)
        if artist is None:
            raise ArtistMissing
        return artist
    artists = await store.list_artists_of(tx, owner=user_id)
    if not artists:
        raise ArtistNotHereYet
    return artists[0]
