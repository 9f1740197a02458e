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


async def save_hash(tx: Tx, *, user_id: UserId, password_hash: str, now: datetime) -> None:
    """Give an account a password, in the place of the one it had."""
    await tx.execute(
        "INSERT INTO users.password (user_id, hash, changed_at) VALUES (%s, %s, %s)"
        " ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
        [user_id, password_hash, now],
    )


async def swap_hash(tx: Tx, *, user_id: UserId, old: str, new: str, now: datetime | None) -> bool:
    """Put a hash in the place of another, and say whether that one was still there; `now` None: the same password."""
    touched = await tx.execute(
        "UPDATE users.password SET hash = %s, changed_at = coalesce(%s, changed_at) WHERE user_id = %s AND hash = %s",
        [new, now, user_id, old],
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
