"""The tables of teams and invitations. That the artist is one's own is part of every statement that writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.teams.domain import Member, Membership, TeamRole
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx


async def lock_own(tx: Tx, *, artist_id: ArtistId, owner: UserId) -> bool:
    """Lock one's own artist, and say whether it is: the lock under which its team grows."""
    found = await tx.value(
        "SELECT true FROM users.artist_profile WHERE artist_id = %s AND user_id = %s FOR NO KEY UPDATE",
        [artist_id, owner],
    )
    return found is True


async def count_team(tx: Tx, *, artist_id: ArtistId, now: datetime) -> int:
    """Return how many are in a team or may still come."""
    return int(
        await tx.value(
            "SELECT (SELECT count(*) FROM users.artist_member WHERE artist_id = %(artist)s) + (SELECT count(*)"
            " FROM users.artist_invitation WHERE artist_id = %(artist)s AND used_at IS NULL AND expires_at > %(now)s)",
            {"artist": artist_id, "now": now},
        )
    )


async def add_invitation(
    tx: Tx,
    *,
    key: UUID,
    artist_id: ArtistId,
    owner: UserId,
    code_hash: bytes,
    role: TeamRole,
    now: datetime,
    ends: datetime,
) -> bool:
    """Insert an invitation to one's own artist's team, and say whether its key is new."""
    touched = await tx.execute(
        "INSERT INTO users.artist_invitation (invitation_id, artist_id, code_hash, role, made_by, made_at, expires_at)"
        " SELECT %s, artist_id, %s, %s, user_id, %s, %s FROM users.artist_profile WHERE artist_id = %s AND user_id = %s"
        " ON CONFLICT (invitation_id) DO NOTHING",
        [key, code_hash, role.value, now, ends, artist_id, owner],
    )
    return touched == 1


async def use_invitation(
    tx: Tx, *, code_hash: bytes, user_id: UserId, now: datetime
) -> tuple[ArtistId, TeamRole] | None:
    """Use an invitation, once, while whoever made it owns the artist and nothing is between the two."""
    return await tx.one(
        _invited,
        "UPDATE users.artist_invitation invited SET used_at = %(now)s, used_by = %(me)s FROM users.artist_profile artist"
        " WHERE invited.code_hash = %(hash)s AND invited.used_at IS NULL AND invited.expires_at > %(now)s"
        " AND artist.artist_id = invited.artist_id AND artist.user_id = invited.made_by"
        " AND NOT users.apart(artist.user_id, %(me)s) RETURNING invited.artist_id, invited.role",
        {"hash": code_hash, "me": user_id, "now": now},
    )


async def owner_of(tx: Tx, *, artist_id: ArtistId) -> UserId:
    """Return whose an artist is."""
    owner: UserId = await tx.value("SELECT user_id FROM users.artist_profile WHERE artist_id = %s", [artist_id])
    return owner


async def add_member(tx: Tx, *, artist_id: ArtistId, user_id: UserId, role: TeamRole, now: datetime) -> bool:
    """Put somebody into a team, and say whether they are new to it; the owner never is."""
    touched = await tx.execute(
        "INSERT INTO users.artist_member (artist_id, user_id, role, since) SELECT artist_id, %s, %s, %s"
        " FROM users.artist_profile WHERE artist_id = %s AND user_id <> %s ON CONFLICT (artist_id, user_id) DO NOTHING",
        [user_id, role.value, now, artist_id, user_id],
    )
    return touched == 1


async def drop_member(tx: Tx, *, artist_id: ArtistId, member: UserId, by: UserId) -> bool:
    """Take somebody out of a team, by its owner or by themselves, and say whether they were in it."""
    touched = await tx.execute(
        "DELETE FROM users.artist_member WHERE artist_id = %(artist)s AND user_id = %(member)s AND (user_id = %(by)s"
        " OR EXISTS (SELECT FROM users.artist_profile a WHERE a.artist_id = %(artist)s AND a.user_id = %(by)s))",
        {"artist": artist_id, "member": member, "by": by},
    )
    return touched == 1


async def list_members(tx: Tx, *, artist_id: ArtistId) -> list[Member]:
    """Return who is in a team, the longest first."""
    return await tx.all(
        _member,
        "SELECT member.user_id, fan.display_name AS name, member.role, member.since FROM users.artist_member member"
        " JOIN users.fan_profile fan USING (user_id) WHERE member.artist_id = %s ORDER BY member.since, member.user_id",
        [artist_id],
    )


async def list_every_member(tx: Tx) -> set[tuple[ArtistId, UserId, str]]:
    """Return everybody in every team: the artist, who, and as what."""
    return set(await tx.all(_row, "SELECT artist_id, user_id, role FROM users.artist_member"))


async def list_memberships(tx: Tx, *, user_id: UserId) -> list[Membership]:
    """Return the artists in whose teams somebody is, by name."""
    return await tx.all(
        _membership,
        "SELECT artist.artist_id, artist.name, artist.handle, member.role FROM users.artist_member member"
        " JOIN users.artist_profile artist USING (artist_id) WHERE member.user_id = %s ORDER BY artist.name, artist.artist_id",
        [user_id],
    )


async def drop_invitations(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete invitations whose code expired before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.artist_invitation WHERE invitation_id IN (SELECT invitation_id FROM users.artist_invitation"
        " WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return in whose teams a person is, and the invitations that they made; nothing of who used these."""
    return await tx.values(
        "SELECT to_jsonb(t) - 'user_id' FROM users.artist_member t WHERE t.user_id = %(me)s UNION ALL"
        " SELECT to_jsonb(t) - '{code_hash,made_by,used_by}'::text[] FROM users.artist_invitation t WHERE t.made_by = %(me)s",
        {"me": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Take a person out of every team, and every invitation that they made or used away."""
    await tx.execute("DELETE FROM users.artist_invitation WHERE made_by = %(me)s OR used_by = %(me)s", {"me": user_id})
    await tx.execute("DELETE FROM users.artist_member WHERE user_id = %s", [user_id])
    await tx.execute(
        "DELETE FROM users.artist_member member USING users.artist_profile artist"
        " WHERE artist.artist_id = member.artist_id AND artist.user_id = %s",
        [user_id],
    )


def _row(*, artist_id: ArtistId, user_id: UserId, role: str) -> tuple[ArtistId, UserId, str]:
    return artist_id, user_id, role


def _invited(*, artist_id: ArtistId, role: str) -> tuple[ArtistId, TeamRole]:
    return artist_id, TeamRole(role)


def _member(*, role: str, **columns: Any) -> Member:
    return Member(**columns, role=TeamRole(role))


def _membership(*, role: str, **columns: Any) -> Membership:
    return Membership(**columns, role=TeamRole(role))
