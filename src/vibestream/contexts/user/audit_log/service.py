"""Writing to and reading from the security log.

Every line is chained to the one before it by the database; writing waits for whoever else writes until they commit.
"""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.audit_log import store
from vibestream.contexts.user.audit_log.domain import Action, Entry
from vibestream.contexts.user.audit_log.store import Line
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx

__all__ = ["Action", "Entry", "Line", "entries_of", "known", "record", "search"]


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


async def search(
    tx: Tx,
    *,
    action: Action | None = None,
    user_id: UserId | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Line]:
    """Return the lines that fit, newest first, at most `limit`, with numbers below `before`: for operators.

    `user_id` finds what somebody did as well as what happened to them.
    """
    return await store.list_lines(tx, action=action, user_id=user_id, since=since, before=before, limit=limit)


async def known(tx: Tx, *, user_id: UserId) -> bool:
    """Say whether there is, or was, such an account: a line can be about no other."""
    return await store.has_account(tx, user_id=user_id)
