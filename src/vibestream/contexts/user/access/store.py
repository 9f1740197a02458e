"""The table of granted roles."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.access.domain import Role
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def add_grant(tx: Tx, *, user_id: UserId, role: Role, granted_by: UserId | None, now: datetime) -> bool:
    """Grant a role, and say whether the account did not hold it before."""
    touched = await tx.execute(
        "INSERT INTO users.role_grant (user_id, role, granted_at, granted_by) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id, role) DO NOTHING",
        [user_id, role.value, now, granted_by],
    )
    return touched == 1


async def drop_grant(tx: Tx, *, user_id: UserId, role: Role) -> bool:
    """Take a role back, and say whether the account held it."""
    touched = await tx.execute("DELETE FROM users.role_grant WHERE user_id = %s AND role = %s", [user_id, role.value])
    return touched == 1


async def take_turn(tx: Tx) -> None:
    """Make whoever else decides who is an admin, or whose account is locked, wait until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('administration', 36))")


async def list_admins(tx: Tx) -> list[UserId]:
    """Return the admins who can enter their accounts: none that is locked, being erased, or without a proved address."""
    return await tx.values(
        "SELECT user_id FROM users.role_grant g JOIN users.address a USING (user_id)"
        " WHERE g.role = 'admin' AND a.verified_at IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM users.account_lock l WHERE l.user_id = g.user_id AND l.unlocked_at IS NULL)"
        " AND NOT EXISTS (SELECT FROM users.erasure e WHERE e.user_id = g.user_id"
        " AND e.state IN ('closing', 'erasing', 'done'))"
    )


async def list_roles(tx: Tx, *, user_id: UserId) -> list[Role]:
    """Return the roles that were granted to an account, by name."""
    found = await tx.value(
        "SELECT ARRAY(SELECT role FROM users.role_grant WHERE user_id = %s ORDER BY role)", [user_id]
    )
    return [Role(role) for role in found]


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the roles that a person holds, and since when."""
    return await tx.values(
        "SELECT to_jsonb(t) - '{user_id,granted_by}'::text[] FROM users.role_grant t WHERE t.user_id = %s ORDER BY t.role",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Take every role from a person."""
    await tx.execute("DELETE FROM users.role_grant WHERE user_id = %s", [user_id])
