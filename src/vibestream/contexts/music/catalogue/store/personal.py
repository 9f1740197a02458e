"""What the catalogue holds of a person."""

# ruff: noqa: S608 - what is put into the statements are literals below

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue

from vibestream.kernel.ids import ArtistId, ReleaseId, TrackId, UserId
from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the releases of a person's artists, each with its tracks, and for whom they work."""
    return await tx.values(
        "SELECT to_jsonb(release) || jsonb_build_object('tracks', (SELECT jsonb_agg(to_jsonb(track)) FROM music.track"
        " WHERE track.release_id = release.release_id)) FROM music.release JOIN music.artist USING (artist_id)"
        " WHERE artist.owner_user_id = %(me)s UNION ALL"
        " SELECT to_jsonb(member) - 'user_id' FROM music.artist_member member WHERE member.user_id = %(me)s",
        {"me": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> list[str]:
    """Empty what a person wrote on releases that are not public, and the names of artists without a public one.

    They work for nobody any more, and nobody for their artists.

    Returns the keys of the covers that were theirs.
    """
    own = (
        "SELECT release_id FROM music.release JOIN music.artist USING (artist_id)"
        " WHERE artist.owner_user_id = %s AND release.stage <> 'published'"
    )
    covers: list[str] = await tx.values(
        "SELECT DISTINCT picture ->> 'key' FROM music.release, jsonb_array_elements(cover) AS picture"
        f" WHERE release_id IN ({own})",
        [user_id],
    )
    await tx.execute(
        f"UPDATE music.track SET title = '-', isrc = NULL, credits = '[]' WHERE release_id IN ({own})", [user_id]
    )
    await tx.execute(
        "UPDATE music.release SET title = '-', description = '', release_date = NULL, language = NULL, genres = '{}',"
        f" upc = NULL, credits = '[]', cover = '[]', proposed = false WHERE release_id IN ({own})",
        [user_id],
    )
    await tx.execute(
        "UPDATE music.artist SET name = '', handle = '' WHERE owner_user_id = %s AND NOT EXISTS"
        " (SELECT FROM music.release WHERE release.artist_id = artist.artist_id AND stage = 'published')",
        [user_id],
    )
    await tx.execute(
        "DELETE FROM music.artist_member WHERE user_id = %(me)s"
        " OR artist_id IN (SELECT artist_id FROM music.artist WHERE owner_user_id = %(me)s)",
        {"me": user_id},
    )
    return covers


async def has_cover(tx: Tx, *, key: str) -> bool:
    """Say whether a release has this picture as its cover."""
    shown = json.dumps([{"key": key}])
    return bool(await tx.value("SELECT EXISTS (SELECT FROM music.release WHERE cover @> %s::jsonb)", [shown]))


@dataclass(frozen=True, slots=True)
class PublicTrack:
    """A public track, as royalties know it."""

    track_id: TrackId
    artist_id: ArtistId
    title: str
    isrc: str | None


async def list_published_of(tx: Tx, *, owner: UserId) -> list[ReleaseId]:
    """Return the public releases of a person's artists, in the order to lock them."""
    return await tx.values(
        "SELECT release_id FROM music.release JOIN music.artist USING (artist_id)"
        " WHERE artist.owner_user_id = %s AND release.stage = 'published' ORDER BY release_id",
        [owner],
    )


async def list_public_tracks_of(tx: Tx, *, owner: UserId) -> list[PublicTrack]:
    """Return the public tracks of a person's artists."""
    return await tx.all(
        PublicTrack,
        "SELECT track_id, track.artist_id, track.title, isrc FROM music.track JOIN music.release USING (release_id)"
        " JOIN music.artist ON artist.artist_id = track.artist_id WHERE artist.owner_user_id = %s"
        " AND release.stage = 'published' AND track.withdrawn_by IS NULL ORDER BY track_id",
        [owner],
    )
