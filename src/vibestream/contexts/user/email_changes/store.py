"""The tables of changes of addresses, and of addresses that can be put back."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.email_changes.domain import Change, Undo
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_CHANGE: Final = (
    "SELECT change_id, user_id, browser_hash, email, lookup, created_at, expires_at, tries_left FROM users.email_change"
)
_UNDO: Final = "SELECT undo_id, user_id, email, code_hash, made_at, good_until, ended_at FROM users.email_undo"


async def lock_asking(tx: Tx, *, user_id: UserId, lookup: str) -> None:
    """Make whoever asks for the same account, or for the same address, wait until this transaction ends."""
    for key in sorted((f"account:{user_id}", f"address:{lookup}")):
        await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 36))", [key])


async def list_asked_by(tx: Tx, *, user_id: UserId, since: datetime) -> list[datetime]:
    """Return when an account asked for codes since an instant, in order."""
    return await tx.values(
        "SELECT created_at FROM users.email_change WHERE user_id = %s AND created_at > %s ORDER BY created_at",
        [user_id, since],
    )


async def list_asked_to(tx: Tx, *, lookup: str, since: datetime) -> list[datetime]:
    """Return when codes to an address were asked for since an instant, by whomever, in order."""
    return await tx.values(
        "SELECT created_at FROM users.email_change WHERE lookup = %s AND created_at > %s ORDER BY created_at",
        [lookup, since],
    )


async def add_change(tx: Tx, *, change: Change) -> None:
    """Insert a change that waits for its code."""
    await tx.execute(
        "INSERT INTO users.email_change (change_id, user_id, browser_hash, email, lookup, created_at, expires_at,"
        " tries_left) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            change.change_id,
            change.user_id,
            change.browser_hash,
            change.email,
            change.lookup,
            change.created_at,
            change.expires_at,
            change.tries_left,
        ],
    )


async def load_change(tx: Tx, *, change_id: UUID) -> Change | None:
    """Return a change; None when it was dropped."""
    return await tx.one(Change, _CHANGE + " WHERE change_id = %s", [change_id])


async def lock_of_browser(tx: Tx, *, browser_hash: bytes, user_id: UserId) -> Change | None:
    """Return what a browser asked for in an account's name, locked; None when it asked for nothing."""
    return await tx.one(
        Change, _CHANGE + " WHERE browser_hash = %s AND user_id = %s FOR UPDATE", [browser_hash, user_id]
    )


async def was_told(tx: Tx, *, change: Change, since: datetime) -> bool:
    """Say whether anybody else's code to the same address was asked for before this one, and since an instant."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM users.email_change WHERE lookup = %s AND created_at > %s"
            " AND (created_at, change_id) < (%s, %s))",
            [change.lookup, since, change.created_at, change.change_id],
        )
    )


async def spend_try(tx: Tx, *, change_id: UUID) -> None:
    """Take one try from a change."""
    await tx.execute("UPDATE users.email_change SET tries_left = tries_left - 1 WHERE change_id = %s", [change_id])


async def end_changes(tx: Tx, *, user_id: UserId) -> None:
    """Make every code that an account waits for good for nothing; each stays counted."""
    await tx.execute("UPDATE users.email_change SET tries_left = 0 WHERE user_id = %s AND tries_left > 0", [user_id])


async def add_undo(tx: Tx, *, undo: Undo) -> None:
    """Insert an address that can be put back."""
    await tx.execute(
        "INSERT INTO users.email_undo (undo_id, user_id, email, code_hash, made_at, good_until)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [undo.undo_id, undo.user_id, undo.email, undo.code_hash, undo.made_at, undo.good_until],
    )


async def load_undo(tx: Tx, *, undo_id: UUID) -> Undo | None:
    """Return what can be put back; None when it was dropped."""
    return await tx.one(Undo, _UNDO + " WHERE undo_id = %s", [undo_id])


async def lock_undo(tx: Tx, *, code_hash: bytes) -> Undo | None:
    """Return what a code puts back, locked; None when there is no such code."""
    return await tx.one(Undo, _UNDO + " WHERE code_hash = %s FOR UPDATE", [code_hash])


async def end_undos(tx: Tx, *, user_id: UserId, made_from: datetime, now: datetime) -> None:
    """Make the codes of an account that were made at an instant or later good for nothing."""
    await tx.execute(
        "UPDATE users.email_undo SET ended_at = %s WHERE user_id = %s AND made_at >= %s AND ended_at IS NULL",
        [now, user_id, made_from],
    )


async def drop_changes(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete changes whose code expired before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.email_change WHERE change_id IN (SELECT change_id FROM users.email_change"
        " WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def drop_undos(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete former addresses that could be put back until before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.email_undo WHERE undo_id IN (SELECT undo_id FROM users.email_undo"
        " WHERE good_until < %s ORDER BY good_until LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return to which addresses a person wanted to change, and which they had within the last week."""
    return await tx.values(
        "SELECT jsonb_build_object('asked_for', email, 'asked_at', created_at) FROM users.email_change"
        " WHERE user_id = %(user_id)s UNION ALL"
        " SELECT jsonb_build_object('had', email, 'until', made_at) FROM users.email_undo WHERE user_id = %(user_id)s",
        {"user_id": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete a person's changes and former addresses, and what others have asked for to the address that is theirs."""
    await tx.execute(
        "DELETE FROM users.email_change WHERE user_id = %(user_id)s OR lookup IN"
        " (SELECT lookup FROM users.address WHERE user_id = %(user_id)s)",
        {"user_id": user_id},
    )
    await tx.execute("DELETE FROM users.email_undo WHERE user_id = %s", [user_id])
