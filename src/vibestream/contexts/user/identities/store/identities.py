"""The table of connected accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.identities.domain.values import Identity
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_IDENTITY: Final = (
    "SELECT identity_id, user_id, provider, issuer, subject, label, linked_at, used_at FROM users.identity"
)


async def find(tx: Tx, *, issuer: str, subject: str) -> Identity | None:
    """Return the connected account that a subject of an issuer is."""
    return await tx.one(Identity, _IDENTITY + " WHERE issuer = %s AND subject = %s", [issuer, subject])


async def list_of(tx: Tx, *, user_id: UserId) -> list[Identity]:
    """Return what is connected with an account, the oldest first."""
    return await tx.all(Identity, _IDENTITY + " WHERE user_id = %s ORDER BY linked_at, identity_id", [user_id])


async def lock_person(tx: Tx, *, user_id: UserId) -> None:
    """Lock a person's connections: adding and removing are done one after the other."""
    await tx.execute("SELECT FROM users.fan_profile WHERE user_id = %s FOR UPDATE", [user_id])


async def add(tx: Tx, *, identity: Identity) -> bool:
    """Insert a connection, and say whether it was new; waits for whoever connects the same just now."""
    touched = await tx.execute(
        "INSERT INTO users.identity (identity_id, user_id, provider, issuer, subject, label, linked_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (issuer, subject) DO NOTHING",
        [
            identity.identity_id,
            identity.user_id,
            identity.provider,
            identity.issuer,
            identity.subject,
            identity.label,
            identity.linked_at,
        ],
    )
    return touched == 1


async def save_used(tx: Tx, *, identity_id: UUID, label: str, now: datetime) -> bool:
    """Note that a connection was used, and what it is known by now, and say whether it is there still."""
    touched = await tx.execute(
        "UPDATE users.identity SET label = %s, used_at = greatest(linked_at, %s) WHERE identity_id = %s",
        [label, now, identity_id],
    )
    return touched == 1


async def remove(tx: Tx, *, user_id: UserId, identity_id: UUID) -> bool:
    """Delete a connection of an account, and say whether there was one."""
    touched = await tx.execute(
        "DELETE FROM users.identity WHERE identity_id = %s AND user_id = %s", [identity_id, user_id]
    )
    return touched == 1


async def remove_since(tx: Tx, *, user_id: UserId, since: datetime) -> list[str]:
    """Delete what was connected with an account since an instant, and return at which providers."""
    return await tx.values(
        "DELETE FROM users.identity WHERE user_id = %s AND linked_at >= %s RETURNING provider", [user_id, since]
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what a person has connected."""
    return await tx.values(
        "SELECT jsonb_build_object('issuer', issuer, 'subject', subject, 'label', label, 'linked_at', linked_at,"
        " 'used_at', used_at) FROM users.identity WHERE user_id = %s ORDER BY linked_at, identity_id",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete what a person has connected."""
    await tx.execute("DELETE FROM users.identity WHERE user_id = %s", [user_id])
