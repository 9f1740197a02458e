"""The table of exports."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.exports.domain.exports import Export, State
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_EXPORT: Final = "SELECT export_id, user_id, locale, state, done, total, asked_at, ready_at, expires_at, size, sha256 FROM users.export"


async def add(tx: Tx, *, export: Export) -> bool:
    """Insert an export, and say whether none of the person's was under way; waits for whoever adds one just now."""
    touched = await tx.execute(
        "INSERT INTO users.export (export_id, user_id, locale, state, total, asked_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (user_id) WHERE state = 'waiting' DO NOTHING",
        [export.export_id, export.user_id, export.locale, export.state.value, export.total, export.asked_at],
    )
    return touched == 1


async def load(tx: Tx, *, export_id: UUID) -> Export | None:
    """Return an export."""
    return await tx.one(_export, _EXPORT + " WHERE export_id = %s", [export_id])


async def load_own(tx: Tx, *, export_id: UUID, user_id: UserId) -> Export | None:
    """Return an export when it is this person's."""
    return await tx.one(_export, _EXPORT + " WHERE export_id = %s AND user_id = %s", [export_id, user_id])


async def list_of(tx: Tx, *, user_id: UserId, limit: int) -> list[Export]:
    """Return a person's exports, newest first."""
    return await tx.all(
        _export, _EXPORT + " WHERE user_id = %s ORDER BY asked_at DESC, export_id DESC LIMIT %s", [user_id, limit]
    )


async def save_progress(tx: Tx, *, export_id: UUID, done: int) -> bool:
    """Write down how many parts are told, and say whether the export is still wanted."""
    touched = await tx.execute(
        "UPDATE users.export SET done = %s WHERE export_id = %s AND state = 'waiting'", [done, export_id]
    )
    return touched == 1


async def save_ready(
    tx: Tx, *, export_id: UUID, size: int, sha256: bytes, expires_at: datetime, now: datetime
) -> Export | None:
    """Note that an export's file is there; None when it is not wanted any more."""
    return await tx.one(
        _export,
        "UPDATE users.export SET state = 'ready', done = total, ready_at = %s, expires_at = %s, size = %s, sha256 = %s"
        " WHERE export_id = %s AND state = 'waiting'"
        " RETURNING export_id, user_id, locale, state, done, total, asked_at, ready_at, expires_at, size, sha256",
        [now, expires_at, size, sha256, export_id],
    )


async def fail_older(tx: Tx, *, before: datetime) -> int:
    """Give up the exports that were asked for before an instant and are not ready; return how many."""
    return await tx.execute(
        "UPDATE users.export SET state = 'failed' WHERE state = 'waiting' AND asked_at < %s", [before]
    )


async def expire(tx: Tx, *, before: datetime, most: int) -> list[UUID]:
    """Note of exports whose time was over before an instant that they are gone, at most so many, and return them."""
    return await tx.values(
        "UPDATE users.export SET state = 'expired' WHERE export_id IN (SELECT export_id FROM users.export"
        " WHERE state = 'ready' AND expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING export_id",
        [before, most],
    )


async def list_unwanted(tx: Tx, *, export_ids: list[UUID]) -> list[UUID]:
    """Return those of these exports whose file nobody is to have: expired, failed, or of nobody any more."""
    return await tx.values(
        "SELECT one FROM unnest(%s::uuid[]) AS one WHERE NOT EXISTS (SELECT FROM users.export"
        " WHERE export_id = one AND state IN ('waiting', 'ready'))",
        [export_ids],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return when a person asked for copies of their data, and what became of them."""
    return await tx.values(
        "SELECT jsonb_build_object('asked_at', asked_at, 'state', state, 'ready_at', ready_at, 'expires_at', expires_at,"
        " 'size', size) FROM users.export WHERE user_id = %s ORDER BY asked_at",
        [user_id],
    )


async def delete_of(tx: Tx, *, user_id: UUID) -> list[UUID]:
    """Delete a person's exports, and return them."""
    return await tx.values("DELETE FROM users.export WHERE user_id = %s RETURNING export_id", [user_id])


def _export(*, state: str, sha256: bytes | None, **columns: Any) -> Export:
    return Export(**columns, state=State(state), sha256=None if sha256 is None else bytes(sha256))
