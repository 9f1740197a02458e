"""Grants, and the codes and tokens that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.user.oauth.domain.values import Grant, OpenGrant
from vibestream.contexts.user.oauth.store.clients import OWNER_LOCKED
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_GRANT: Final = "g.grant_id, g.client_id, g.user_id, g.scopes, g.auth_time, g.made_at, g.revoked_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A stored code."""

    grant_id: UUID
    redirect_uri: str
    challenge: str
    nonce: str
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """A stored refresh token."""

    grant_id: UUID
    expires_at: datetime
    used_at: datetime | None
    successor_used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an access token is good for, as long as it is."""

    grant_id: UUID
    client_id: UUID
    user_id: UserId
    scopes: tuple[str, ...]
    display_name: str
    locale: str
    roles: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    due: bool
    """That its last use was noted more than an hour ago."""


async def add_grant(tx: Tx, *, grant: Grant) -> None:
    """Insert a grant."""
    await tx.execute(
        "INSERT INTO users.oauth_grant (grant_id, client_id, user_id, scopes, auth_time, made_at, used_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, NULL)",
        [grant.grant_id, grant.client_id, grant.user_id, list(grant.scopes), grant.auth_time, grant.made_at],
    )


async def load_grant(tx: Tx, *, grant_id: UUID) -> Grant | None:
    """Return a grant, whatever became of it."""
    return await tx.one(_grant, f"SELECT {_GRANT} FROM users.oauth_grant g WHERE g.grant_id = %s", [grant_id])  # noqa: S608 - a literal of ours


async def revoke_grant(tx: Tx, *, grant_id: UUID, now: datetime) -> None:
    """Revoke a grant, with every token of it."""
    await tx.execute(
        "UPDATE users.oauth_grant SET revoked_at = greatest(%s, made_at) WHERE grant_id = %s AND revoked_at IS NULL",
        [now, grant_id],
    )


async def revoke_grants(tx: Tx, *, user_id: UserId, client_id: UUID | None, now: datetime) -> int:
    """Revoke what a person granted, to one client or to all, and return how many grants that were."""
    return await tx.execute(
        "UPDATE users.oauth_grant SET revoked_at = greatest(%(now)s, made_at)"
        " WHERE user_id = %(user_id)s AND revoked_at IS NULL"
        " AND (%(client_id)s::uuid IS NULL OR client_id = %(client_id)s::uuid)",
        {"now": now, "user_id": user_id, "client_id": client_id},
    )


async def list_open(tx: Tx, *, user_id: UserId, now: datetime) -> list[OpenGrant]:
    """Return the grants of an account that a token is left of, the newest first."""
    return await tx.all(
        OpenGrant,
        "SELECT g.grant_id, g.client_id, c.name, g.made_at, g.used_at, t.expires_at"
        " FROM users.oauth_grant g JOIN users.oauth_client c USING (client_id)"
        " CROSS JOIN LATERAL (SELECT max(expires_at) AS expires_at FROM"
        " (SELECT expires_at FROM users.oauth_access a WHERE a.grant_id = g.grant_id UNION ALL"
        "  SELECT expires_at FROM users.oauth_refresh r WHERE r.grant_id = g.grant_id AND r.used_at IS NULL) held) t"
        " WHERE g.user_id = %s AND g.revoked_at IS NULL AND c.ended_at IS NULL AND t.expires_at > %s"
        " ORDER BY g.made_at DESC, g.grant_id DESC LIMIT 200",
        [user_id, now],
    )


async def end_grant(tx: Tx, *, user_id: UserId, grant_id: UUID, now: datetime) -> bool:
    """Revoke a grant of this person, and say whether there was one."""
    touched = await tx.execute(
        "UPDATE users.oauth_grant SET revoked_at = greatest(%s, made_at)"
        " WHERE grant_id = %s AND user_id = %s AND revoked_at IS NULL",
        [now, grant_id, user_id],
    )
    return touched == 1


async def add_code(tx: Tx, *, code_hash: bytes, code: Code) -> None:
    """Insert a code."""
    await tx.execute(
        "INSERT INTO users.oauth_code (code_hash, grant_id, redirect_uri, challenge, nonce, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [code_hash, code.grant_id, code.redirect_uri, code.challenge, code.nonce, code.expires_at],
    )


async def lock_code(tx: Tx, *, code_hash: bytes) -> Code | None:
    """Return a code, which nobody else can use meanwhile."""
    return await tx.one(
        Code,
        "SELECT grant_id, redirect_uri, challenge, nonce, expires_at, used_at FROM users.oauth_code"
        " WHERE code_hash = %s FOR UPDATE",
        [code_hash],
    )


async def save_code_used(tx: Tx, *, code_hash: bytes, now: datetime) -> None:
    """Note that a code was used."""
    await tx.execute("UPDATE users.oauth_code SET used_at = %s WHERE code_hash = %s", [now, code_hash])


async def add_access(
    tx: Tx, *, token_hash: bytes, grant_id: UUID, scopes: Sequence[str], now: datetime, expires_at: datetime
) -> None:
    """Insert an access token."""
    await tx.execute(
        "INSERT INTO users.oauth_access (token_hash, grant_id, scopes, made_at, expires_at) VALUES (%s, %s, %s, %s, %s)",
        [token_hash, grant_id, list(scopes), now, expires_at],
    )
    await save_used(tx, grant_id=grant_id, now=now)


async def add_refresh(tx: Tx, *, token_hash: bytes, grant_id: UUID, expires_at: datetime) -> None:
    """Insert a refresh token."""
    await tx.execute(
        "INSERT INTO users.oauth_refresh (token_hash, grant_id, expires_at) VALUES (%s, %s, %s)",
        [token_hash, grant_id, expires_at],
    )


async def lock_refresh(tx: Tx, *, token_hash: bytes) -> Refresh | None:
    """Return a refresh token, which nobody else can use meanwhile."""
    locked = await tx.value("SELECT token_hash FROM users.oauth_refresh WHERE token_hash = %s FOR UPDATE", [token_hash])
    if locked is None:
        return None
    return await tx.one(  # another statement: it sees what whoever held the lock has committed
        Refresh,
        "SELECT r.grant_id, r.expires_at, r.used_at, s.used_at IS NOT NULL AS successor_used FROM users.oauth_refresh r"
        " LEFT JOIN users.oauth_refresh s ON s.token_hash = r.successor_hash WHERE r.token_hash = %s",
        [token_hash],
    )


async def save_refresh_used(tx: Tx, *, token_hash: bytes, successor_hash: bytes, now: datetime) -> None:
    """Note that a refresh token was used, and what came in its place."""
    await tx.execute(
        "UPDATE users.oauth_refresh SET used_at = %s, successor_hash = %s WHERE token_hash = %s",
        [now, successor_hash, token_hash],
    )


async def find_refresh(tx: Tx, *, token_hash: bytes, now: datetime) -> tuple[UUID, datetime] | None:
    """Return (grant id, expiry) of a refresh token that can still be used."""
    return await tx.one(
        _pair,
        "SELECT r.grant_id, r.expires_at FROM users.oauth_refresh r JOIN users.oauth_grant g USING (grant_id)"
        " WHERE r.token_hash = %s AND r.used_at IS NULL AND r.expires_at > %s AND g.revoked_at IS NULL",
        [token_hash, now],
    )


async def grant_of_token(tx: Tx, *, token_hash: bytes) -> UUID | None:
    """Return the grant that a refresh or access token belongs to, whatever became of it."""
    found = await tx.value(
        "SELECT grant_id FROM users.oauth_refresh WHERE token_hash = %(hash)s"
        " UNION ALL SELECT grant_id FROM users.oauth_access WHERE token_hash = %(hash)s",
        {"hash": token_hash},
    )
    return found if isinstance(found, UUID) else None


async def drop_access(tx: Tx, *, token_hash: bytes) -> None:
    """Delete an access token."""
    await tx.execute("DELETE FROM users.oauth_access WHERE token_hash = %s", [token_hash])


async def find_access(tx: Tx, *, token_hash: bytes, now: datetime) -> Held | None:
    """Return what an access token is good for: unexpired, of a grant, a client and an account that still are.

    Not while the account that registered the client is locked.
    """
    return await tx.one(
        _held,
        "SELECT g.grant_id, g.client_id, g.user_id, a.scopes, p.display_name, p.locale, a.made_at, a.expires_at,"  # noqa: S608 - a literal of ours
        " ARRAY(SELECT r.role FROM users.role_grant r WHERE r.user_id = g.user_id) AS roles,"
        " coalesce(g.used_at + interval '1 hour' <= %(now)s, true) AS due"
        " FROM users.oauth_access a JOIN users.oauth_grant g USING (grant_id) JOIN users.oauth_client c USING (client_id)"
        " JOIN users.fan_profile p ON p.user_id = g.user_id"
        " WHERE a.token_hash = %(hash)s AND %(now)s < a.expires_at AND g.revoked_at IS NULL AND c.ended_at IS NULL"
        f" AND NOT {OWNER_LOCKED}",
        {"hash": token_hash, "now": now},
    )


async def save_used(tx: Tx, *, grant_id: UUID, now: datetime) -> None:
    """Note that a grant was used, unless another request is noting it just now."""
    await tx.execute(
        "UPDATE users.oauth_grant SET used_at = %s WHERE grant_id = (SELECT grant_id FROM users.oauth_grant"
        " WHERE grant_id = %s FOR NO KEY UPDATE SKIP LOCKED)",
        [now, grant_id],
    )


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete access tokens, codes, refresh tokens and then empty grants that ended before an instant, and count them."""
    gone = await tx.execute(
        "DELETE FROM users.oauth_access WHERE token_hash IN"
        " (SELECT token_hash FROM users.oauth_access WHERE expires_at < %s LIMIT %s)",
        [before, most],
    )
    gone += await tx.execute(
        "DELETE FROM users.oauth_code WHERE code_hash IN"
        " (SELECT code_hash FROM users.oauth_code WHERE expires_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )
    gone += await tx.execute(
        "DELETE FROM users.oauth_refresh WHERE token_hash IN"
        " (SELECT token_hash FROM users.oauth_refresh WHERE expires_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )
    return gone + await tx.execute(
        "DELETE FROM users.oauth_grant WHERE grant_id IN (SELECT g.grant_id FROM users.oauth_grant g WHERE g.made_at < %s"
        " AND NOT EXISTS (SELECT FROM users.oauth_code c WHERE c.grant_id = g.grant_id)"
        " AND NOT EXISTS (SELECT FROM users.oauth_refresh r WHERE r.grant_id = g.grant_id)"
        " AND NOT EXISTS (SELECT FROM users.oauth_access a WHERE a.grant_id = g.grant_id) LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def address_of(tx: Tx, *, user_id: UserId) -> str | None:
    """Return the proved address of an account."""
    found = await tx.value("SELECT email FROM users.address WHERE user_id = %s AND verified_at IS NOT NULL", [user_id])
    return found if isinstance(found, str) else None


def _grant(*, scopes: list[str], **columns: Any) -> Grant:
    return Grant(**columns, scopes=tuple(scopes))


def _held(*, scopes: list[str], roles: list[str], **columns: Any) -> Held:
    return Held(**columns, scopes=tuple(scopes), roles=tuple(roles))


def _pair(*, grant_id: UUID, expires_at: datetime) -> tuple[UUID, datetime]:
    return grant_id, expires_at
