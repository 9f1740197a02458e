"""Granting and taking back roles; each change leaves a line in the security log."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.access import store
from vibestream.contexts.user.access.domain import LastAdmin, Role, UnknownRole, role_named
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

__all__ = [
    "LastAdmin",
    "Role",
    "UnknownRole",
    "admins",
    "grant_role",
    "require_another_admin",
    "revoke_role",
    "role_named",
    "roles_of",
]


async def grant_role(tx: Tx, *, user_id: UserId, role: Role, granted_by: UserId | None, now: datetime) -> bool:
    """Grant a role to an existing account, and say whether it is new to it; `granted_by` None: the command line.

    Becoming an admin ends the account's sessions: those that follow have an admin's short life.
    """
    if not await store.add_grant(tx, user_id=user_id, role=role, granted_by=granted_by, now=now):
        return False
    if role is Role.ADMIN:
        await sessions.end_all(tx, user_id=user_id, now=now)
    await audit_log.record(
        tx, action=audit_log.Action.ROLE_GRANTED, user_id=user_id, actor_id=granted_by, now=now, detail=role.value
    )
    return True


async def revoke_role(tx: Tx, *, user_id: UserId, role: Role, revoked_by: UserId | None, now: datetime) -> bool:
    """Take a role back at once, and say whether the account held it.

    Raises:
        LastAdmin: nobody else is an admin who can act.
    """
    if role is Role.ADMIN:
        await require_another_admin(tx, user_id=user_id)
    if not await store.drop_grant(tx, user_id=user_id, role=role):
        return False
    await audit_log.record(
        tx, action=audit_log.Action.ROLE_REVOKED, user_id=user_id, actor_id=revoked_by, now=now, detail=role.value
    )
    return True


async def require_another_admin(tx: Tx, *, user_id: UserId) -> None:
    """Refuse what would leave nobody an admin who can act; until the transaction ends nobody else stops being one.

    Raises:
        LastAdmin: this account is an admin, and no other is, or only such as are locked or being erased.
    """
    await store.take_turn(tx)
    if Role.ADMIN in await roles_of(tx, user_id=user_id) and not set(await store.list_admins(tx)) - {user_id}:
        raise LastAdmin


async def admins(tx: Tx) -> frozenset[UserId]:
    """Return who is an admin and can act as one: nobody who is locked or being erased."""
    return frozenset(await store.list_admins(tx))


async def roles_of(tx: Tx, *, user_id: UserId) -> frozenset[Role]:
    """Return the roles that were granted to an account; everybody is a fan besides."""
    return frozenset(await store.list_roles(tx, user_id=user_id))
