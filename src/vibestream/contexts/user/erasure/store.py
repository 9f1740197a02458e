"""The table of erasures."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.erasure.domain import Erasure, Music, State
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_ERASURE: Final = "SELECT erasure_id, user_id, music, gives_up, state, asked_at, due_at, reason FROM users.erasure"


async def add(tx: Tx, *, erasure: Erasure) -> bool:
    """Insert an erasure, and say whether none of the account's was under way; waits for whoever adds one just now."""
    touched = await tx.execute(
        "INSERT INTO users.erasure (erasure_id, user_id, music, gives_up, state, asked_at, due_at, changed_at)"
        " VALUES (%(id)s, %(user_id)s, %(music)s, %(gives_up)s, %(state)s, %(asked_at)s, %(due_at)s, %(asked_at)s)"
        " ON CONFLICT (user_id) WHERE state NOT IN ('cancelled', 'refused') DO NOTHING",
        {
            "id": erasure.erasure_id,
            "user_id": erasure.user_id,
            "music": erasure.music.value,
            "gives_up": erasure.gives_up,
            "state": erasure.state.value,
            "asked_at": erasure.asked_at,
            "due_at": erasure.due_at,
        },
    )
    return touched == 1


async def lock(tx: Tx, *, erasure_id: UUID) -> Erasure | None:
    """Return an erasure, its row locked."""
    return await tx.one(_erasure, _ERASURE + " WHERE erasure_id = %s FOR UPDATE", [erasure_id])


async def lock_under_way(tx: Tx, *, user_id: UserId) -> Erasure | None:
    """Return the erasure of an account that is under way or done, its row locked."""
    return await tx.one(
        _erasure, _ERASURE + " WHERE user_id = %s AND state NOT IN ('cancelled', 'refused') FOR UPDATE", [user_id]
    )


async def load_newest(tx: Tx, *, user_id: UserId) -> Erasure | None:
    """Return the last erasure that somebody asked for, whatever became of it."""
    return await tx.one(_erasure, _ERASURE + " WHERE user_id = %s ORDER BY asked_at DESC LIMIT 1", [user_id])


async def save(tx: Tx, *, erasure: Erasure, now: datetime) -> None:
    """Write down how far a locked erasure is."""
    await tx.execute(
        "UPDATE users.erasure SET state = %s, reason = %s, music = %s, changed_at = %s WHERE erasure_id = %s",
        [erasure.state.value, erasure.reason, erasure.music.value, now, erasure.erasure_id],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return when a person wanted to be erased, and what became of it."""
    return await tx.values(
        "SELECT jsonb_build_object('asked_at', asked_at, 'due_at', due_at, 'music', music, 'state', state,"
        " 'reason', reason) FROM users.erasure WHERE user_id = %s ORDER BY asked_at",
        [user_id],
    )


def _erasure(*, music: str, state: str, **columns: Any) -> Erasure:
    return Erasure(**columns, music=Music(music), state=State(state))
