"""The table of password hashes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def load_hash(tx: Tx, *, user_id: UserId) -> str | None:
    """Return an account's hash, None when it has no password."""
    found = await tx.value("SELECT hash FROM users.password WHERE user_id = %s", [user_id])
    return None if found is None else str(found)


async def is_short(tx: Tx, *, user_id: UserId) -> bool:
    """Say whether an account's password is shorter than one that stands alone."""
    return bool(await tx.value("SELECT short FROM users.password WHERE user_id = %s", [user_id]))


async def save_hash(tx: Tx, *, user_id: UserId, password_hash: str, short: bool, now: datetime) -> None:
    """Give an account a password, in the place of the one it had."""
    await tx.execute(
        "INSERT INTO users.password (user_id, hash, short, changed_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id) DO UPDATE"
        " SET hash = excluded.hash, short = excluded.short, changed_at = excluded.changed_at",
        [user_id, password_hash, short, now],
    )


async def drop_hash(tx: Tx, *, user_id: UserId) -> None:
    """Take an account's password away."""
    await tx.execute("DELETE FROM users.password WHERE user_id = %s", [user_id])


async def swap_hash(tx: Tx, *, user_id: UserId, old: str, new: str, short: bool, now: datetime) -> bool:
    """Put a hash in the place of another, and say whether that one was still there."""
    touched = await tx.execute(
        "UPDATE users.password SET hash = %s, short = %s, changed_at = %s WHERE user_id = %s AND hash = %s",
        [new, short, now, user_id, old],
    )
    return touched == 1


async def renew_hash(tx: Tx, *, user_id: UserId, old: str, new: str) -> bool:
    """Put another hash of the same password in the place of its old one, and say whether that was still there."""
    touched = await tx.execute(
        "UPDATE users.password SET hash = %s WHERE user_id = %s AND hash = %s", [new, user_id, old]
    )
    return touched == 1


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return since when a person has their password; never its hash."""
    return await tx.values(
        "SELECT jsonb_build_object('changed_at', changed_at) FROM users.password WHERE user_id = %s",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete the hash of a person's password."""
    await tx.execute("DELETE FROM users.password WHERE user_id = %s", [user_id])
