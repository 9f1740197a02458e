"""The replica of artist profiles."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.music.catalogue.domain import Artist
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx


async def save_artist(tx: Tx, *, artist: Artist, as_of: datetime) -> None:
    """Keep an artist's facts as they were told last."""
    await tx.execute(
        """
        INSERT INTO music.artist (artist_id, owner_user_id, name, handle, changed_at)
        VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (artist_id) DO UPDATE SET
            owner_user_id = excluded.owner_user_id, name = excluded.name, handle = excluded.handle,
            changed_at = excluded.changed_at
        """,
        [artist.artist_id, artist.owner_user_id, artist.name, artist.handle, as_of],
    )


async def load_own_artist(tx: Tx, *, artist_id: ArtistId, owner: UserId) -> Artist | None:
    """Return an artist profile of this account."""
    return await tx.one(
        Artist,
        """
        SELECT artist_id, owner_user_id, name, handle FROM music.artist
        WHERE artist_id = %s AND owner_user_id = %s
        """,
        [artist_id, owner],
    )


async def list_artists_of(tx: Tx, *, owner: UserId) -> list[Artist]:
    """Return the artist profiles of an account, the oldest first."""
    return await tx.all(
        Artist,
        "SELECT artist_id, owner_user_id, name, handle FROM music.artist WHERE owner_user_id = %s ORDER BY artist_id",
        [owner],
    )


async def find_artist_by_handle(tx: Tx, *, handle: str) -> Artist | None:
    """Return who has a handle; the latest to take it, while the news of the one who gave it up is still on its way."""
    return await tx.one(
        Artist,
        """
        SELECT artist_id, owner_user_id, name, handle FROM music.artist
        WHERE handle = %s ORDER BY changed_at DESC LIMIT 1
        """,
        [handle],
    )
