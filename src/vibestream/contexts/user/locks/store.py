"""The table of locks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.locks.domain import Lock, LockReason
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_LOCK: Final = (
    "SELECT lock_id, user_id, reason, note, locked_at, locked_by, unlocked_at, unlocked_by, unlock_note"
    " FROM users.account_lock"
)


async def take_turn(tx: Tx, *, user_id: UserId) -> None:
    """Make whoever enters an account, or locks it, wait until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('account_lock:' || %s, 36))", [str(user_id)])


async def wait_turn(tx: Tx, *, user_id: UserId) -> None:
    """Make whoever locks an account wait until this transaction ends; others who enter it do not wait."""
    await tx.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended('account_lock:' || %s, 36))", [str(user_id)])


async def is_locked(tx: Tx, *, user_id: UserId) -> bool:
    """Say whether an account is locked."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM users.account_lock WHERE user_id = %s AND unlocked_at IS NULL)", [user_id]
        )
    )


async def add(tx: Tx, *, lock: Lock) -> bool:
    """Lock an account, and say whether it was not."""
    touched = await tx.execute(
        "INSERT INTO users.account_lock (lock_id, user_id, reason, note, locked_at, locked_by)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (user_id) WHERE unlocked_at IS NULL DO NOTHING",
        [lock.lock_id, lock.user_id, lock.reason.value, lock.note, lock.locked_at, lock.locked_by],
    )
    return touched == 1


async def end(tx: Tx, *, user_id: UserId, unlocked_by: UserId, note: str, now: datetime) -> bool:
    """Unlock an account, and say whether it was locked."""
    touched = await tx.execute(
        "UPDATE users.account_lock SET unlocked_at = %s, unlocked_by = %s, unlock_note = %s"
        " WHERE user_id = %s AND unlocked_at IS NULL",
        [now, unlocked_by, note, user_id],
    )
    return touched == 1


async def list_locks(tx: Tx, *, user_id: UserId) -> list[Lock]:
    """Return when and why an account was locked, the newest first."""
    return await tx.all(_lock, _LOCK + " WHERE user_id = %s ORDER BY locked_at DESC, lock_id DESC", [user_id])


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return when and why a person's account was locked, without who did it."""
    return await tx.values(
        "SELECT jsonb_build_object('reason', reason, 'note', note, 'locked_at', locked_at, 'unlocked_at', unlocked_at,"
        " 'unlock_note', unlock_note) FROM users.account_lock WHERE user_id = %s ORDER BY locked_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete the locks of a person's account; what they themselves locked stays, under an id that leads to nobody."""
    await tx.execute("DELETE FROM users.account_lock WHERE user_id = %s", [user_id])


def _lock(*, reason: str, **columns: Any) -> Lock:
    return Lock(**columns, reason=LockReason(reason))
