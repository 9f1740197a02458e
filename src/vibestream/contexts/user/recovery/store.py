"""The table of password resets."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.recovery.domain import Asked, Reset
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_RESET = "SELECT reset_id, user_id, browser_hash, created_at, expires_at, tries_left FROM users.password_reset"


async def lock_address(tx: Tx, *, address_hash: bytes) -> None:
    """Make whoever asks for a reset of the same address wait until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(encode(%s, 'hex'), 22))", [address_hash])


async def list_asked(tx: Tx, *, address_hash: bytes, since: datetime) -> list[Asked]:
    """Return which resets of an address were asked for since an instant, oldest first."""
    return await tx.all(
        Asked,
        "SELECT created_at AS at, network FROM users.password_reset WHERE address_hash = %s AND created_at > %s"
        " ORDER BY created_at",
        [address_hash, since],
    )


async def add_reset(tx: Tx, *, reset: Reset, address_hash: bytes, network: str) -> None:
    """Insert a reset."""
    await tx.execute(
        "INSERT INTO users.password_reset (reset_id, user_id, address_hash, browser_hash, network, created_at,"
        " expires_at, tries_left) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            reset.reset_id,
            reset.user_id,
            address_hash,
            reset.browser_hash,
            network,
            reset.created_at,
            reset.expires_at,
            reset.tries_left,
        ],
    )


async def load_reset(tx: Tx, *, reset_id: UUID) -> Reset | None:
    """Return a reset; None when it was used or dropped."""
    return await tx.one(Reset, _RESET + " WHERE reset_id = %s", [reset_id])


async def lock_of_browser(tx: Tx, *, browser_hash: bytes) -> Reset | None:
    """Return a browser's reset, locked; None when there is none, or the password was changed after it was asked for."""
    return await tx.one(
        Reset,
        _RESET + " r WHERE browser_hash = %s AND NOT EXISTS"
        " (SELECT FROM users.password p WHERE p.user_id = r.user_id AND p.changed_at > r.created_at) FOR UPDATE",
        [browser_hash],
    )


async def spend_try(tx: Tx, *, reset_id: UUID) -> None:
    """Take one try from a reset."""
    await tx.execute("UPDATE users.password_reset SET tries_left = tries_left - 1 WHERE reset_id = %s", [reset_id])


async def end_resets(tx: Tx, *, user_id: UserId, now: datetime) -> None:
    """Make every reset of an account good for nothing; each stays counted."""
    await tx.execute(
        "UPDATE users.password_reset SET tries_left = 0 WHERE user_id = %s AND expires_at > %s", [user_id, now]
    )


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete resets that expired before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.password_reset WHERE reset_id IN (SELECT reset_id FROM users.password_reset"
        " WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return when, and from which network, resets of a person's password were asked for."""
    return await tx.values(
        "SELECT jsonb_build_object('network', network, 'created_at', created_at, 'expires_at', expires_at)"
        " FROM users.password_reset WHERE user_id = %s ORDER BY created_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete the resets of a person's password, also those that were asked for before the address was theirs."""
    await tx.execute(
        "DELETE FROM users.password_reset WHERE user_id = %(user_id)s OR address_hash IN"
        " (SELECT address_hash FROM users.password_reset WHERE user_id = %(user_id)s)",
        {"user_id": user_id},
    )
