"""Writing to and reading from the security log."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.audit_log import store
from vibestream.contexts.user.audit_log.domain import Action, Entry
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx

__all__ = ["Action", "Entry", "entries_of", "record"]


async def record(
    tx: Tx,
    *,
    action: Action,
    user_id: UserId | None,
    now: datetime,
    actor_id: UserId | None = None,
    network: str = "",
    detail: str = "",
) -> None:
    """Append an entry, in the transaction of what it tells. It never carries a secret, a name or an address."""
    entry = Entry(
        entry_id=new_id(),
        at=now,
        action=action,
        user_id=user_id,
        actor_id=actor_id,
        network=network,
        detail=detail,
    )
    await store.add_entry(tx, entry=entry)


async def entries_of(tx: Tx, *, user_id: UserId, limit: int = 100) -> list[Entry]:
    """Return what happened to an account, newest first, at most `limit` entries."""
    return await store.list_entries(tx, user_id=user_id, limit=limit)
