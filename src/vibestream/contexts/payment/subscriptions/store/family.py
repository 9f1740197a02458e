"""Who shares a subscription, and who is invited to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from vibestream.kernel.ids import SubscriptionId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who shares a subscription beside its owner."""

    user_id: UserId
    joined_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A code that lets one account join."""

    invitation_id: UUID
    subscription_id: SubscriptionId
    state: str
    made_at: datetime
    expires_at: datetime


async def list_members(tx: Tx, *, subscription_id: SubscriptionId) -> list[Member]:
    """Return who shares a subscription now, the longest first."""
    return await tx.all(
        Member,
        """
        SELECT user_id, joined_at FROM payment.family_member WHERE subscription_id = %s AND left_at IS NULL
        ORDER BY joined_at, user_id
        """,
        [subscription_id],
    )


async def members_in_month(
    tx: Tx, *, subscription_ids: Collection[SubscriptionId], start: date, end: date
) -> dict[SubscriptionId, list[UserId]]:
    """Return who shared each subscription at some time of a half-open span of days, by id."""
    found: dict[SubscriptionId, list[UserId]] = {}
    for subscription_id, user_id in await tx.all(
        lambda *, subscription_id, user_id: (subscription_id, user_id),
        """
        SELECT DISTINCT subscription_id, user_id FROM payment.family_member
        WHERE subscription_id = ANY(%s) AND joined_at < %s::timestamp AT TIME ZONE 'UTC'
            AND (left_at IS NULL OR left_at > %s::timestamp AT TIME ZONE 'UTC')
        ORDER BY subscription_id, user_id
        """,
        [list(subscription_ids), end, start],
    ):
        found.setdefault(subscription_id, []).append(user_id)
    return found


async def insert_member(tx: Tx, *, subscription_id: SubscriptionId, user_id: UserId, at: datetime) -> bool:
    """Let somebody share a subscription, and say whether they share no other."""
    return (
        await tx.execute(
            """
            INSERT INTO payment.family_member (subscription_id, user_id, joined_at) VALUES (%s, %s, %s)
            ON CONFLICT (user_id) WHERE left_at IS NULL DO NOTHING
            """,
            [subscription_id, user_id, at],
        )
        == 1
    )


async def end_membership(tx: Tx, *, subscription_id: SubscriptionId, user_id: UserId, at: datetime) -> bool:
    """Let somebody share a subscription no more, and say whether they did."""
    return (
        await tx.execute(
            """
            UPDATE payment.family_member SET left_at = greatest(%s, joined_at)
            WHERE subscription_id = %s AND user_id = %s AND left_at IS NULL
            """,
            [at, subscription_id, user_id],
        )
        == 1
    )


async def end_family(tx: Tx, *, subscription_id: SubscriptionId, at: datetime) -> list[UserId]:
    """Let nobody share a subscription any more, withdraw its invitations, and return who did."""
    await tx.execute(
        "UPDATE payment.family_invitation SET state = 'withdrawn' WHERE subscription_id = %s AND state = 'open'",
        [subscription_id],
    )
    return await tx.values(
        """
        UPDATE payment.family_member SET left_at = greatest(%s, joined_at)
        WHERE subscription_id = %s AND left_at IS NULL RETURNING user_id
        """,
        [at, subscription_id],
    )


async def membership_of(tx: Tx, *, user_id: UserId) -> SubscriptionId | None:
    """Return the subscription that somebody shares without owning it."""
    found: SubscriptionId | None = await tx.value(
        "SELECT subscription_id FROM payment.family_member WHERE user_id = %s AND left_at IS NULL",
        [user_id],
    )
    return found


async def insert_invitation(tx: Tx, invitation: Invitation, *, token_hash: bytes) -> None:
    """Add an invitation under the digest of its secret."""
    await tx.execute(
        """
        INSERT INTO payment.family_invitation (invitation_id, subscription_id, token_hash, state, made_at, expires_at)
        VALUES (%s, %s, %s, 'open', %s, %s)
        """,
        [invitation.invitation_id, invitation.subscription_id, token_hash, invitation.made_at, invitation.expires_at],
    )


async def find_invitation(tx: Tx, *, token_hash: bytes) -> Invitation | None:
    """Return the invitation of a secret."""
    return await tx.one(
        Invitation,
        """
        SELECT invitation_id, subscription_id, state, made_at, expires_at FROM payment.family_invitation
        WHERE token_hash = %s
        """,
        [token_hash],
    )


async def list_invitations(tx: Tx, *, subscription_id: SubscriptionId, now: datetime) -> list[Invitation]:
    """Return the invitations that can still be accepted, the oldest first."""
    return await tx.all(
        Invitation,
        """
        SELECT invitation_id, subscription_id, state, made_at, expires_at FROM payment.family_invitation
        WHERE subscription_id = %s AND state = 'open' AND expires_at > %s ORDER BY invitation_id
        """,
        [subscription_id, now],
    )


async def resolve_invitation(tx: Tx, *, invitation_id: UUID, subscription_id: SubscriptionId, state: str) -> bool:
    """Accept or withdraw an open invitation, and say whether it was open."""
    return (
        await tx.execute(
            """
            UPDATE payment.family_invitation SET state = %s
            WHERE invitation_id = %s AND subscription_id = %s AND state = 'open'
            """,
            [state, invitation_id, subscription_id],
        )
        == 1
    )


async def drop_invitations(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete invitations that expired before an instant, accepted or not, at most so many, and return how many."""
    return await tx.execute(
        """
        DELETE FROM payment.family_invitation WHERE invitation_id IN (
            SELECT invitation_id FROM payment.family_invitation WHERE expires_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        [before, most],
    )
