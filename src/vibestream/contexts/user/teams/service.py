"""Inviting somebody into an artist's team, joining by a typed code, leaving."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.contexts.user.profiles.service import ArtistMissing
from vibestream.contexts.user.teams import store
from vibestream.contexts.user.teams.domain import (
    GOOD_FOR,
    MOST_MEMBERS,
    CodeUnknown,
    InTeam,
    InvitedBefore,
    Member,
    MemberMissing,
    Membership,
    TeamFull,
    TeamRole,
    hash_of,
    make_code,
)
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx

__all__ = [
    "GOOD_FOR",
    "CodeUnknown",
    "InTeam",
    "InvitedBefore",
    "Member",
    "MemberMissing",
    "Membership",
    "TeamFull",
    "TeamRole",
    "drop",
    "every_member",
    "invite",
    "join",
    "members",
    "memberships",
]


async def invite(tx: Tx, *, artist_id: ArtistId, owner: UserId, role: TeamRole, key: UUID, now: datetime) -> str:
    """Make an invitation to one's own artist's team, and return its code, which is kept nowhere as it is.

    Raises:
        ArtistMissing: no such artist of this account.
        TeamFull: twenty are in it or may still come.
        InvitedBefore: an invitation was made with this key.
    """
    if not await store.lock_own(tx, artist_id=artist_id, owner=owner):
        raise ArtistMissing("There is no such artist profile of yours.")
    if await store.count_team(tx, artist_id=artist_id, now=now) >= MOST_MEMBERS:
        raise TeamFull
    code = make_code()
    made = await store.add_invitation(
        tx, key=key, artist_id=artist_id, owner=owner, code_hash=_hashed(code), role=role, now=now, ends=now + GOOD_FOR
    )
    if not made:
        raise InvitedBefore
    return code


async def join(tx: Tx, *, user_id: UserId, code: str, now: datetime) -> tuple[ArtistId, TeamRole]:
    """Enter a team by a code, and return whose and as what. Of two with one code, one enters.

    The code is spent; it is written down, and the owner is told. `flows.work_for_artists.join` calls this, and lets them at
    the music in the same transaction.

    Raises:
        CodeUnknown: none that is good, or one of the two blocked the other: nothing tells these apart.
        InTeam: they own the artist or are in its team.
    """
    used = await store.use_invitation(tx, code_hash=_hashed(code), user_id=user_id, now=now)
    if used is None:
        raise CodeUnknown
    artist_id, role = used
    if not await store.add_member(tx, artist_id=artist_id, user_id=user_id, role=role, now=now):
        raise InTeam
    owner = await store.owner_of(tx, artist_id=artist_id)
    await audit_log.record(
        tx,
        action=Action.TEAM_JOINED,
        user_id=owner,
        actor_id=user_id,
        now=now,
        detail=f"artist {artist_id}: {role.value}",
    )
    await notifications.tell(
        tx,
        user_id=owner,
        kind=Kind.TEAM_JOINED,
        key=f"{artist_id}:{user_id}:{now.isoformat()}",
        facts={"when": now.isoformat()},
        now=now,
    )
    return artist_id, role


async def drop(tx: Tx, *, artist_id: ArtistId, member: UserId, by: UserId, now: datetime) -> None:
    """Take a member out, as the owner, or leave oneself; the other side is told, and what they may do ends with this transaction.

    `flows.work_for_artists.drop` calls this, and ends their part in the music in the same transaction.

    Raises:
        MemberMissing: not a member, or the artist is another's.
    """
    if not await store.drop_member(tx, artist_id=artist_id, member=member, by=by):
        raise MemberMissing
    await notifications.tell(
        tx,
        user_id=await store.owner_of(tx, artist_id=artist_id) if by == member else member,
        kind=Kind.TEAM_LEFT,
        key=f"{artist_id}:{member}:{now.isoformat()}",
        facts={"when": now.isoformat()},
        now=now,
    )
    await audit_log.record(
        tx, action=Action.TEAM_LEFT, user_id=member, actor_id=by, now=now, detail=f"artist {artist_id}"
    )


async def every_member(tx: Tx) -> set[tuple[ArtistId, UserId, str]]:
    """Return everybody in every team: the artist, who, and as what."""
    return await store.list_every_member(tx)


async def members(tx: Tx, *, artist_id: ArtistId) -> list[Member]:
    """Return who is in a team, for those in it, which the caller has made sure of."""
    return await store.list_members(tx, artist_id=artist_id)


async def memberships(tx: Tx, *, user_id: UserId) -> list[Membership]:
    """Return the artists in whose teams somebody is; those that they own are not among them."""
    return await store.list_memberships(tx, user_id=user_id)


def _hashed(code: str) -> bytes:
    found = hash_of(code)
    if found is None:
        raise CodeUnknown
    return found
