"""Clients, and what people let them do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from vibestream.contexts.user.oauth.domain.redirects import web_origins
from vibestream.contexts.user.oauth.domain.values import App, Client, Confidence
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

OWNER_LOCKED: Final = "EXISTS (SELECT FROM users.account_lock l WHERE l.user_id = c.owner_id AND l.unlocked_at IS NULL)"
"""Of a client `c`: an admin has locked the account that registered it. Until that ends, it is as if there were no such client."""


async def add_client(tx: Tx, *, client: Client, secret_hash: bytes | None, most: int) -> bool:
    """Insert a client, unless its owner has as many as they may; they register one at a time."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('users.oauth_client:' || %s::text, 0))", [client.owner_id]
    )
    touched = await tx.execute(
        "INSERT INTO users.oauth_client"
        " (client_id, owner_id, name, confidence, secret_hash, redirect_uris, scopes, made_at, devices, origins)"
        " SELECT %(client_id)s, %(owner_id)s, %(name)s, %(confidence)s, %(secret_hash)s, %(uris)s, %(scopes)s, %(at)s,"
        " %(devices)s, %(origins)s"
        " WHERE (SELECT count(*) FROM users.oauth_client WHERE owner_id = %(owner_id)s AND ended_at IS NULL) < %(most)s",
        {
            "client_id": client.client_id,
            "owner_id": client.owner_id,
            "name": client.name,
            "confidence": client.confidence.value,
            "secret_hash": secret_hash,
            "uris": list(client.redirect_uris),
            "scopes": list(client.scopes),
            "at": client.made_at,
            "devices": client.devices,
            "origins": list(web_origins(client.redirect_uris)) if client.public else [],
            "most": most,
        },
    )
    return touched == 1


async def load_client(tx: Tx, *, client_id: UUID) -> Client | None:
    """Return a client that has not ended, and whose owner is not locked, or None."""
    return await tx.one(
        _client,
        "SELECT client_id, owner_id, name, confidence, redirect_uris, scopes, made_at, devices FROM users.oauth_client c"  # noqa: S608 - a literal of ours
        f" WHERE client_id = %s AND ended_at IS NULL AND NOT {OWNER_LOCKED}",
        [client_id],
    )


async def has_origin(tx: Tx, *, origin: str) -> bool:
    """Say whether some client's pages are served from an origin."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM users.oauth_client c WHERE ended_at IS NULL AND origins @> ARRAY[%s::text]"  # noqa: S608 - a literal of ours
            f" AND NOT {OWNER_LOCKED})",
            [origin],
        )
    )


async def secret_hash_of(tx: Tx, *, client_id: UUID) -> bytes | None:
    """Return what is stored of a client's secret; None for a public one."""
    return cast(
        "bytes | None", await tx.value("SELECT secret_hash FROM users.oauth_client WHERE client_id = %s", [client_id])
    )


async def list_clients(tx: Tx, *, owner_id: UserId) -> list[Client]:
    """Return an account's clients, the newest first."""
    return await tx.all(
        _client,
        "SELECT client_id, owner_id, name, confidence, redirect_uris, scopes, made_at, devices FROM users.oauth_client"
        " WHERE owner_id = %s AND ended_at IS NULL ORDER BY client_id DESC",
        [owner_id],
    )


async def save_secret(tx: Tx, *, client_id: UUID, owner_id: UserId, secret_hash: bytes) -> bool:
    """Give a confidential client of this owner another secret, and say whether there is one."""
    return (
        await tx.execute(
            "UPDATE users.oauth_client SET secret_hash = %s WHERE client_id = %s AND owner_id = %s"
            " AND ended_at IS NULL AND confidence = 'confidential'",
            [secret_hash, client_id, owner_id],
        )
        == 1
    )


async def end_client(tx: Tx, *, client_id: UUID, owner_id: UserId, now: datetime) -> bool:
    """End a client of this owner with all that it was granted, and say whether there was one."""
    touched = await tx.execute(
        "UPDATE users.oauth_client SET ended_at = greatest(%s, made_at)"
        " WHERE client_id = %s AND owner_id = %s AND ended_at IS NULL",
        [now, client_id, owner_id],
    )
    if touched:
        await tx.execute("DELETE FROM users.oauth_consent WHERE client_id = %s", [client_id])
        await tx.execute(
            "UPDATE users.oauth_grant SET revoked_at = greatest(%s, made_at) WHERE client_id = %s AND revoked_at IS NULL",
            [now, client_id],
        )
    return touched == 1


async def consented(tx: Tx, *, user_id: UserId, client_id: UUID) -> frozenset[str]:
    """Return what a person lets an app do."""
    scopes = await tx.value(
        "SELECT scopes FROM users.oauth_consent WHERE user_id = %s AND client_id = %s", [user_id, client_id]
    )
    return frozenset(scopes or ())


async def save_consent(tx: Tx, *, user_id: UserId, client_id: UUID, scopes: Sequence[str], now: datetime) -> None:
    """Note what a person lets an app do, beside what they let it do before."""
    await tx.execute(
        "INSERT INTO users.oauth_consent AS c (user_id, client_id, scopes, given_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id, client_id) DO UPDATE SET given_at = EXCLUDED.given_at,"
        " scopes = ARRAY(SELECT DISTINCT unnest(c.scopes || EXCLUDED.scopes))",
        [user_id, client_id, list(scopes), now],
    )


async def drop_consent(tx: Tx, *, user_id: UserId, client_id: UUID) -> bool:
    """Take back what a person let an app do, and say whether there was anything."""
    touched = await tx.execute(
        "DELETE FROM users.oauth_consent WHERE user_id = %s AND client_id = %s", [user_id, client_id]
    )
    return touched == 1


async def drop_consents(tx: Tx, *, user_id: UserId) -> None:
    """Take back what a person let every app do."""
    await tx.execute("DELETE FROM users.oauth_consent WHERE user_id = %s", [user_id])


async def list_apps(tx: Tx, *, user_id: UserId) -> list[App]:
    """Return the apps that a person lets do something, by name."""
    return await tx.all(
        _app,
        "SELECT client_id, c.name, o.scopes, o.given_at, (SELECT max(g.used_at) FROM users.oauth_grant g"
        " WHERE g.user_id = o.user_id AND g.client_id = o.client_id) AS used_at"
        " FROM users.oauth_consent o JOIN users.oauth_client c USING (client_id) WHERE o.user_id = %s"
        " ORDER BY c.name, client_id",
        [user_id],
    )


def _client(*, confidence: str, redirect_uris: list[str], scopes: list[str], **columns: Any) -> Client:
    return Client(
        **columns, confidence=Confidence(confidence), redirect_uris=tuple(redirect_uris), scopes=tuple(scopes)
    )


def _app(*, scopes: list[str], **columns: Any) -> App:
    return App(**columns, scopes=tuple(scopes))
