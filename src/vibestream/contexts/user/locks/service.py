"""Locking accounts, and refusing those that are locked.

Whoever enters an account and whoever locks it take turns: either somebody has got in, and is put out by the lock, or the
account is locked, and nobody gets in.
"""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.locks import store
from vibestream.contexts.user.locks.domain import (
    NOTE_CHARACTERS,
    AccountLocked,
    Lock,
    LockReason,
    LockReasonUnknown,
    reason_named,
)
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.text import one_line
from vibestream.platform.database import Tx

__all__ = [
    "AccountLocked",
    "Lock",
    "LockReason",
    "LockReasonUnknown",
    "is_locked",
    "lock",
    "locks_of",
    "reason_named",
    "require_open",
    "unlock",
]


async def require_open(tx: Tx, *, user_id: UserId) -> None:
    """Return when an account is not locked; it is not until this transaction ends.

    Raises:
        AccountLocked: it is.
    """
    await store.wait_turn(tx, user_id=user_id)
    if await store.is_locked(tx, user_id=user_id):
        raise AccountLocked


async def lock(tx: Tx, *, user_id: UserId, reason: LockReason, note: str, by: UserId, now: datetime) -> bool:
    """Keep everybody from entering an account from now on, and say whether it was open.

    Who is in it already is put out by the caller, in the same transaction.

    Raises:
        TextInvalid: the note is not one line of 1 to 500 characters.
    """
    said = one_line(note, field="note", most=NOTE_CHARACTERS)
    await store.take_turn(tx, user_id=user_id)
    made = Lock(lock_id=new_id(), user_id=user_id, reason=reason, note=said, locked_at=now, locked_by=by)
    return await store.add(tx, lock=made)


async def unlock(tx: Tx, *, user_id: UserId, note: str, by: UserId, now: datetime) -> bool:
    """Let an account be entered again, and say whether it was locked.

    Raises:
        TextInvalid: the note is not one line of 1 to 500 characters.
    """
    said = one_line(note, field="note", most=NOTE_CHARACTERS)
    return await store.end(tx, user_id=user_id, unlocked_by=by, note=said, now=now)


async def is_locked(tx: Tx, *, user_id: UserId) -> bool:
    """Say whether an account is locked at this moment."""
    return await store.is_locked(tx, user_id=user_id)


async def locks_of(tx: Tx, *, user_id: UserId) -> list[Lock]:
    """Return when and why an account was locked, the newest first."""
    return await store.list_locks(tx, user_id=user_id)
