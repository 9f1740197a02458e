"""Personal access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from vibestream.contexts.user.oauth.domain.values import PersonalToken
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Borne:
    """What a personal access token is good for, as long as it is."""

    token_id: UUID
    user_id: UserId
    scopes: tuple[str, ...]
    display_name: str
    locale: str
    roles: tuple[str, ...]
    due: bool
    """That its last use was noted more than a minute ago."""


async def add_token(tx: Tx, *, token: PersonalToken, token_hash: bytes, most: int) -> bool:
    """Insert a token, unless its owner has as many as they may; they make one at a time."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('users.personal_token:' || %s::text, 0))", [token.user_id]
    )
    touched = await tx.execute(
        "INSERT INTO users.personal_token (token_id, user_id, name, token_hash, scopes, made_at, expires_at)"
        " SELECT %(token_id)s, %(user_id)s, %(name)s, %(hash)s, %(scopes)s, %(at)s, %(expires_at)s"
        " WHERE (SELECT count(*) FROM users.personal_token"
        " WHERE user_id = %(user_id)s AND revoked_at IS NULL AND expires_at > %(at)s) < %(most)s",
        {
            "token_id": token.token_id,
            "user_id": token.user_id,
            "name": token.name,
            "hash": token_hash,
            "scopes": list(token.scopes),
            "at": token.made_at,
            "expires_at": token.expires_at,
            "most": most,
        },
    )
    return touched == 1


async def list_tokens(tx: Tx, *, user_id: UserId, now: datetime) -> list[PersonalToken]:
    """Return an account's tokens that are good for something, the newest first."""
    return await tx.all(
        _token,
        "SELECT token_id, user_id, name, scopes, made_at, expires_at, used_at FROM users.personal_token"
        " WHERE user_id = %s AND revoked_at IS NULL AND expires_at > %s ORDER BY token_id DESC",
        [user_id, now],
    )


async def find_token(tx: Tx, *, token_hash: bytes, now: datetime) -> Borne | None:
    """Return what a token is good for: neither expired nor revoked."""
    return await tx.one(
        _borne,
        "SELECT t.token_id, t.user_id, t.scopes, p.display_name, p.locale,"
        " ARRAY(SELECT r.role FROM users.role_grant r WHERE r.user_id = t.user_id) AS roles,"
        " coalesce(t.used_at + interval '1 minute' <= %(now)s, true) AS due"
        " FROM users.personal_token t JOIN users.fan_profile p USING (user_id)"
        " WHERE t.token_hash = %(hash)s AND %(now)s < t.expires_at AND t.revoked_at IS NULL",
        {"hash": token_hash, "now": now},
    )


async def save_used(tx: Tx, *, token_id: UUID, now: datetime) -> None:
    """Note that a token was used, unless another request is noting it just now."""
    await tx.execute(
        "UPDATE users.personal_token SET used_at = %s WHERE token_id = (SELECT token_id FROM users.personal_token"
        " WHERE token_id = %s FOR NO KEY UPDATE SKIP LOCKED)",
        [now, token_id],
    )


async def revoke_tokens(tx: Tx, *, user_id: UserId, token_id: UUID | None, now: datetime) -> int:
    """Revoke a token of an account, or all of them, and return how many that were."""
    return await tx.execute(
        "UPDATE users.personal_token SET revoked_at = greatest(%(now)s, made_at)"
        " WHERE user_id = %(user_id)s AND revoked_at IS NULL AND expires_at > %(now)s"
        " AND (%(token_id)s::uuid IS NULL OR token_id = %(token_id)s::uuid)",
        {"now": now, "user_id": user_id, "token_id": token_id},
    )


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete tokens that expired before an instant, and return how many."""
    return await tx.execute(
        "DELETE FROM users.personal_token WHERE token_id IN"
        " (SELECT token_id FROM users.personal_token WHERE expires_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


def _token(*, scopes: list[str], **columns: Any) -> PersonalToken:
    return PersonalToken(**columns, scopes=tuple(scopes))


def _borne(*, scopes: list[str], roles: list[str], **columns: Any) -> Borne:
    return Borne(**columns, scopes=tuple(scopes), roles=tuple(roles))
