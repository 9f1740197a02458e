"""The table of the security log: insert and read, nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from vibestream.contexts.user.audit_log.domain import Action, Entry
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def add_entry(tx: Tx, *, entry: Entry) -> None:
    """Append an entry."""
    await tx.execute(
        "INSERT INTO users.security_log (entry_id, at, action, user_id, actor_id, network, detail)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [entry.entry_id, entry.at, entry.action.value, entry.user_id, entry.actor_id, entry.network, entry.detail],
    )


async def list_entries(tx: Tx, *, user_id: UserId, limit: int) -> list[Entry]:
    """Return an account's newest entries, newest first."""
    return await tx.all(
        _entry,
        "SELECT entry_id, at, action, user_id, actor_id, network, detail FROM users.security_log"
        " WHERE user_id = %s ORDER BY at DESC, entry_id DESC LIMIT %s",
        [user_id, limit],
    )


def _entry(*, entry_id: UUID, at: datetime, action: str, **columns: Any) -> Entry:
    return Entry(entry_id=entry_id, at=at, action=Action(action), **columns)
