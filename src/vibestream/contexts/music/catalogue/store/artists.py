"""The replica of artist profiles, and who works on their music."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from vibestream.contexts.music.catalogue.domain import Artist, Part, Through, WorkedFor
from vibestream.kernel.ids import ArtistId, ReleaseId, TrackId, UserId
from vibestream.platform.database import Tx

_WORKED_FOR: Final = """
    SELECT artist_id, owner_user_id, name, handle, part FROM (
        SELECT artist_id FROM music.artist WHERE owner_user_id = %(me)s
        UNION SELECT artist_id FROM music.artist_member WHERE user_id = %(me)s) AS mine
    JOIN music.artist USING (artist_id) CROSS JOIN LATERAL music.part_in(artist_id, %(me)s) AS part
"""


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


async def load_worked_for(tx: Tx, *, artist_id: ArtistId, user_id: UserId) -> WorkedFor | None:
    """Return an artist and the part that this account has in its music; None without one."""
    return await tx.one(
        _worked_for, _WORKED_FOR + " WHERE artist_id = %(artist)s", {"me": user_id, "artist": artist_id}
    )


async def list_worked_for(tx: Tx, *, user_id: UserId) -> list[WorkedFor]:
    """Return the artists that an account has a part in: its own, then those it works for, the oldest first."""
    return await tx.all(_worked_for, _WORKED_FOR + " ORDER BY owner_user_id <> %(me)s, artist_id", {"me": user_id})


async def hold_part(tx: Tx, *, release_id: ReleaseId, user_id: UserId) -> None:
    """Keep what lets an account work on a release as it is until the transaction ends.

    Whoever takes somebody out of a team meanwhile waits for the edit that is under way, so that nothing of theirs
    is committed once it was said that they are out.
    """
    await tx.execute(
        """
        SELECT FROM music.artist_member WHERE user_id = %s
            AND artist_id = (SELECT artist_id FROM music.release WHERE release_id = %s) FOR SHARE
        """,
        [user_id, release_id],
    )


async def lock_worked_for(tx: Tx, *, artist_id: ArtistId, user_id: UserId) -> WorkedFor | None:
    """Return what `load_worked_for` returns, and keep it so until the transaction ends."""
    await tx.execute(
        "SELECT FROM music.artist_member WHERE user_id = %s AND artist_id = %s FOR SHARE", [user_id, artist_id]
    )
    return await load_worked_for(tx, artist_id=artist_id, user_id=user_id)


async def part_in_release(tx: Tx, *, release_id: ReleaseId, user_id: UserId) -> Part | None:
    """Return the part that an account has in a release's artist."""
    return await tx.one(
        _part,
        "SELECT music.part_in(artist_id, %s) AS part FROM music.release WHERE release_id = %s",
        [user_id, release_id],
    )


async def part_in_track(tx: Tx, *, track_id: TrackId, user_id: UserId) -> Part | None:
    """Return the part that an account has in the artist of the release that a track is on."""
    return await tx.one(
        _part,
        """
        SELECT music.part_in(release.artist_id, %s) AS part
        FROM music.track JOIN music.release USING (release_id) WHERE track_id = %s
        """,
        [user_id, track_id],
    )


async def save_member(
    tx: Tx, *, artist_id: ArtistId, user_id: UserId, through: Through, part: Part, since: datetime
) -> None:
    """Keep that somebody works for an artist, through what and as what."""
    await tx.execute(
        """
        INSERT INTO music.artist_member (artist_id, user_id, through, role, since) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (artist_id, user_id, through) DO UPDATE SET role = excluded.role, since = excluded.since
        """,
        [artist_id, user_id, through.value, part.value, since],
    )


async def drop_member(tx: Tx, *, artist_id: ArtistId, user_id: UserId, through: Through) -> bool:
    """End that somebody works for an artist through something, and say whether they did."""
    touched = await tx.execute(
        "DELETE FROM music.artist_member WHERE artist_id = %s AND user_id = %s AND through = %s",
        [artist_id, user_id, through.value],
    )
    return touched == 1


async def list_members(tx: Tx, *, through: Through) -> set[tuple[ArtistId, UserId, str]]:
    """Return everybody who works for an artist through something: the artist, who, and as what."""
    return set(
        await tx.all(
            _member, "SELECT artist_id, user_id, role FROM music.artist_member WHERE through = %s", [through.value]
        )
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


def _worked_for(*, artist_id: ArtistId, owner_user_id: UserId, name: str, handle: str, part: str) -> WorkedFor:
    return WorkedFor(Artist(artist_id, owner_user_id, name, handle), Part(part))


def _part(*, part: str | None) -> Part | None:
    return None if part is None else Part(part)


def _member(*, artist_id: ArtistId, user_id: UserId, role: str) -> tuple[ArtistId, UserId, str]:
    return artist_id, user_id, role
