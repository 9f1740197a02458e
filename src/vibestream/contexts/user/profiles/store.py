"""The tables of profiles and handles."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.profiles.domain import ArtistProfile, FanProfile, Handle, Link
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx

_FAN: Final = "SELECT user_id, display_name, locale, theme FROM users.fan_profile"
_ARTIST: Final = (
    "SELECT a.artist_id, a.user_id, a.name, a.handle, a.bio, a.links, a.created_at, a.changed_at"
    " FROM users.artist_profile a"
)


@dataclass(frozen=True, slots=True)
class _Named:
    user_id: UserId
    display_name: str


async def save_fan(tx: Tx, *, fan: FanProfile) -> None:
    """Insert an account's fan profile, or put it in the place of the one it has."""
    await tx.execute(
        "INSERT INTO users.fan_profile (user_id, display_name, locale, theme) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id) DO UPDATE SET display_name = excluded.display_name, locale = excluded.locale,"
        " theme = excluded.theme",
        [fan.user_id, fan.display_name, fan.locale, fan.theme],
    )


async def load_fan(tx: Tx, *, user_id: UserId) -> FanProfile | None:
    """Return an account's fan profile."""
    return await tx.one(FanProfile, _FAN + " WHERE user_id = %s", [user_id])


async def load_names(tx: Tx, *, user_ids: Collection[UserId]) -> dict[UserId, str]:
    """Return the display names of those of these accounts that have one."""
    rows = await tx.all(
        _Named, "SELECT user_id, display_name FROM users.fan_profile WHERE user_id = ANY(%s)", [list(user_ids)]
    )
    return {row.user_id: row.display_name for row in rows}


async def lock_fan(tx: Tx, *, user_id: UserId) -> FanProfile | None:
    """Return an account's fan profile, locked: also the lock under which it makes artists."""
    return await tx.one(FanProfile, _FAN + " WHERE user_id = %s FOR UPDATE", [user_id])


async def is_verified(tx: Tx, *, user_id: UserId) -> bool:
    """Say whether an account's address was proved."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM users.address WHERE user_id = %s AND verified_at IS NOT NULL)", [user_id]
        )
    )


async def save_artist(tx: Tx, *, artist: ArtistProfile) -> None:
    """Insert an artist profile, or save what changed of it."""
    links = json.dumps([{"label": link.label, "url": link.url} for link in artist.links])
    await tx.execute(
        "INSERT INTO users.artist_profile (artist_id, user_id, name, handle, bio, links, created_at, changed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (artist_id) DO UPDATE SET name = excluded.name,"
        " handle = excluded.handle, bio = excluded.bio, links = excluded.links, changed_at = excluded.changed_at",
        [
            artist.artist_id,
            artist.user_id,
            artist.name,
            artist.handle,
            artist.bio,
            links,
            artist.created_at,
            artist.changed_at,
        ],
    )


async def drop_verified(tx: Tx, *, artist_id: ArtistId) -> None:
    """Take from an artist that it is verified."""
    await tx.execute("UPDATE users.artist_profile SET verified_at = NULL WHERE artist_id = %s", [artist_id])


async def lock_artist(tx: Tx, *, artist_id: ArtistId, user_id: UserId) -> ArtistProfile | None:
    """Return an artist profile that an account owns or edits, locked; None when it does neither."""
    return await tx.one(
        _artist,
        _ARTIST + " WHERE a.artist_id = %(artist)s AND (a.user_id = %(me)s OR EXISTS (SELECT FROM users.artist_member m"
        " WHERE m.artist_id = a.artist_id AND m.user_id = %(me)s AND m.role = 'editor')) FOR UPDATE OF a",
        {"artist": artist_id, "me": user_id},
    )


async def load_artist(tx: Tx, *, artist_id: ArtistId) -> ArtistProfile | None:
    """Return an artist profile."""
    return await tx.one(_artist, _ARTIST + " WHERE a.artist_id = %s", [artist_id])


async def load_shown(tx: Tx, *, artist_id: ArtistId) -> ArtistProfile | None:
    """Return an artist profile that no moderator hid."""
    return await tx.one(_artist, _ARTIST + " WHERE a.artist_id = %s AND NOT a.hidden", [artist_id])


async def find_by_handle(tx: Tx, *, skeleton: str) -> ArtistProfile | None:
    """Return the artist that has, or had, the handle with this skeleton, unless a moderator hid it."""
    return await tx.one(
        _artist,
        _ARTIST + " JOIN users.artist_handle h USING (artist_id) WHERE h.skeleton = %s AND NOT a.hidden",
        [skeleton],
    )


async def list_artists(tx: Tx, *, user_id: UserId) -> list[ArtistProfile]:
    """Return an account's artist profiles, the oldest first."""
    return await tx.all(_artist, _ARTIST + " WHERE a.user_id = %s ORDER BY a.created_at, a.artist_id", [user_id])


async def list_by_ids(tx: Tx, *, artist_ids: list[ArtistId]) -> list[ArtistProfile]:
    """Return the artist profiles with these ids, in no order."""
    return await tx.all(_artist, _ARTIST + " WHERE a.artist_id = ANY(%s)", [artist_ids])


async def take_handle(tx: Tx, *, artist_id: ArtistId, handle: Handle, now: datetime) -> bool:
    """Give an artist a handle, and say whether it was free or already theirs; waits for whoever takes it just now."""
    owner = await tx.value("SELECT user_id FROM users.artist_profile WHERE artist_id = %s", [artist_id])
    if not await hold_handle(tx, user_id=owner, handle=handle, now=now):
        return False
    touched = await tx.execute(
        "INSERT INTO users.artist_handle (skeleton, artist_id, handle, taken_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (skeleton) DO UPDATE SET handle = excluded.handle"
        " WHERE artist_handle.artist_id = excluded.artist_id",
        [handle.skeleton, artist_id, handle.text, now],
    )
    return touched == 1


async def hold_handle(tx: Tx, *, user_id: UserId, handle: Handle, now: datetime) -> bool:
    """Make an account the holder of a handle, and say whether it is; waits for whoever takes it just now.

    It is not when another account holds what looks like it, or when it rests because its holder was erased.
    """
    touched = await tx.execute(
        "INSERT INTO users.handle_holder (skeleton, user_id) VALUES (%s, %s) ON CONFLICT (skeleton)"
        " DO UPDATE SET user_id = excluded.user_id WHERE handle_holder.user_id = excluded.user_id",
        [handle.skeleton, user_id],
    )
    # A statement of its own: it sees what an erasure committed while the one above waited for it.
    rests = await tx.value(
        "SELECT EXISTS (SELECT FROM users.resting_handle WHERE digest = sha256(convert_to(%s, 'UTF8')) AND free_at > %s)",
        [handle.skeleton, now],
    )
    return touched == 1 and not rests


async def drop_rested(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete handles that were free again before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.resting_handle WHERE digest IN (SELECT digest FROM users.resting_handle"
        " WHERE free_at < %s ORDER BY free_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def list_handles_since(tx: Tx, *, artist_id: ArtistId, since: datetime) -> list[datetime]:
    """Return when an artist took the handles that it took since an instant, in order."""
    return list(
        await tx.value(
            "SELECT ARRAY(SELECT taken_at FROM users.artist_handle WHERE artist_id = %s AND taken_at > %s"
            " ORDER BY taken_at)",
            [artist_id, since],
        )
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return a person's fan and artist profiles."""
    return await tx.values(
        "SELECT to_jsonb(t) - 'user_id' FROM users.fan_profile t WHERE t.user_id = %(user_id)s UNION ALL"
        " SELECT to_jsonb(t) - 'user_id' FROM users.artist_profile t WHERE t.user_id = %(user_id)s",
        {"user_id": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete a person's profiles and handles; a handle rests for a year before anybody else may take it.

    Who wanted their music kept keeps the name and the handle that it is published under; what they wrote of themselves goes.
    """
    await tx.execute("DELETE FROM users.fan_profile WHERE user_id = %s", [user_id])
    kept = "SELECT EXISTS (SELECT FROM users.erasure WHERE user_id = %s AND music = 'keep' AND state IN ('erasing', 'done'))"
    if await tx.value(kept, [user_id]):
        await tx.execute("UPDATE users.artist_profile SET bio = '', links = '[]' WHERE user_id = %s", [user_id])
        return
    await tx.execute(
        "INSERT INTO users.resting_handle (digest, free_at) SELECT sha256(convert_to(held.skeleton, 'UTF8')),"
        " now() + interval '1 year' FROM users.artist_handle held JOIN users.artist_profile USING (artist_id)"
        " WHERE user_id = %s ON CONFLICT DO NOTHING",
        [user_id],
    )
    await tx.execute(
        "DELETE FROM users.handle_holder holder USING users.artist_handle held, users.artist_profile artist"
        " WHERE holder.skeleton = held.skeleton AND held.artist_id = artist.artist_id AND artist.user_id = %s"
        " AND NOT EXISTS (SELECT FROM users.fan_handle fans WHERE fans.skeleton = holder.skeleton)",
        [user_id],
    )
    await tx.execute(
        "DELETE FROM users.artist_handle WHERE artist_id IN (SELECT artist_id FROM users.artist_profile WHERE user_id = %s)",
        [user_id],
    )
    await tx.execute("DELETE FROM users.artist_profile WHERE user_id = %s", [user_id])


def _artist(*, links: list[dict[str, str]], **columns: Any) -> ArtistProfile:
    return ArtistProfile(**columns, links=tuple(Link(link["label"], link["url"]) for link in links))
