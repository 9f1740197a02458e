"""The tables of browsers that were sent to an issuer, and of what they came back with and is not connected yet."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.identities.domain.values import Request
from vibestream.platform.database import Tx


async def add(tx: Tx, *, state_hash: bytes, browser_hash: bytes, provider: str, request: Request) -> None:
    """Note that a browser is sent to an issuer."""
    await tx.execute(
        "INSERT INTO users.identity_request (state_hash, browser_hash, provider, linking, onward, expires_at, user_id,"
        " session_id, carried) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            state_hash,
            browser_hash,
            provider,
            request.linking,
            request.onward,
            request.expires_at,
            request.user_id,
            request.session_id,
            request.carried,
        ],
    )


async def take(tx: Tx, *, state_hash: bytes, browser_hash: bytes, provider: str, now: datetime) -> Request | None:
    """Use a request up, and return it; None when this browser was not sent so to this issuer, or it is used or old."""
    return await tx.one(
        Request,
        "DELETE FROM users.identity_request WHERE state_hash = %s AND browser_hash = %s AND provider = %s"
        " AND expires_at > %s RETURNING linking, onward, expires_at, user_id, session_id, carried",
        [state_hash, browser_hash, provider, now],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete what a person was sent to an issuer for."""
    await tx.execute("DELETE FROM users.identity_request WHERE user_id = %s", [user_id])


async def keep_waiting(tx: Tx, *, browser_hash: bytes, sealed: bytes, expires_at: datetime) -> None:
    """Keep what a browser has shown, in the place of what it showed before."""
    await tx.execute(
        "INSERT INTO users.identity_waiting (browser_hash, sealed, expires_at) VALUES (%s, %s, %s)"
        " ON CONFLICT (browser_hash) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at",
        [browser_hash, sealed, expires_at],
    )


async def find_waiting(tx: Tx, *, browser_hash: bytes, now: datetime) -> bytes | None:
    """Return what a browser has shown, sealed."""
    found = await tx.values(
        "SELECT sealed FROM users.identity_waiting WHERE browser_hash = %s AND expires_at > %s", [browser_hash, now]
    )
    return bytes(found[0]) if found else None


async def take_waiting(tx: Tx, *, browser_hash: bytes, now: datetime) -> bytes | None:
    """Use up what a browser has shown, and return it sealed."""
    found = await tx.values(
        "DELETE FROM users.identity_waiting WHERE browser_hash = %s AND expires_at > %s RETURNING sealed",
        [browser_hash, now],
    )
    return bytes(found[0]) if found else None


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete requests and what waits that expired before an instant, at most so many of each, and return how many."""
    requests = await tx.execute(
        "DELETE FROM users.identity_request WHERE state_hash IN (SELECT state_hash FROM users.identity_request"
        " WHERE expires_at < %s ORDER BY expires_at LIMIT %s)",  # no lock: nobody may update it, and nobody waits for these
        [before, most],
    )
    waiting = await tx.execute(
        "DELETE FROM users.identity_waiting WHERE browser_hash IN (SELECT browser_hash FROM users.identity_waiting"
        " WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )
    return requests + waiting
