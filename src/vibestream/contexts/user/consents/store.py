"""The table of consents, to which lines are added only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.consents.domain import Purpose
from vibestream.kernel.ids import SessionId, UserId
from vibestream.platform.database import Tx

_LAST = (
    "SELECT DISTINCT ON (user_id, purpose) user_id, purpose, given, version, at FROM users.consent"
    " WHERE user_id = ANY(%s) AND purpose = ANY(%s) ORDER BY user_id, purpose, number DESC"
)


async def add(
    tx: Tx, *, user_id: UUID, purpose: Purpose, given: bool, version: int, session_id: SessionId | None, now: datetime
) -> None:
    """Add a line."""
    await tx.execute(
        "INSERT INTO users.consent (user_id, purpose, given, version, at, session_id) VALUES (%s, %s, %s, %s, %s, %s)",
        [user_id, purpose.value, given, version, now, session_id],
    )


async def last_of(tx: Tx, *, user_id: UUID) -> dict[Purpose, tuple[bool, int, datetime]]:
    """Return a person's last word on each purpose that they ever said one on: given or not, to which version, when."""
    cursor = await tx.connection.execute(_LAST, [[user_id], [one.value for one in Purpose]])
    return {Purpose(purpose): (given, version, at) for _, purpose, given, version, at in await cursor.fetchall()}


async def list_given(tx: Tx, *, user_ids: Collection[UserId], purpose: Purpose, version: int) -> set[UserId]:
    """Return those people whose last word on a purpose was yes, to this version of its text."""
    cursor = await tx.connection.execute(_LAST, [list(user_ids), [purpose.value]])
    return {UserId(user_id) for user_id, _, given, to, _ in await cursor.fetchall() if given and to == version}


async def list_outdated(tx: Tx, *, purpose: Purpose, version: int, after: UserId | None, limit: int) -> list[UserId]:
    """Return people whose last word on a purpose was yes to an earlier version, in the order of ids, from behind one on."""
    found = await tx.values(
        "SELECT user_id FROM (SELECT DISTINCT ON (user_id) user_id, given, version FROM users.consent"
        " WHERE purpose = %(purpose)s AND (%(after)s::uuid IS NULL OR user_id > %(after)s)"
        " ORDER BY user_id, number DESC) AS last WHERE given AND version < %(version)s ORDER BY user_id LIMIT %(limit)s",
        {"purpose": purpose.value, "version": version, "after": after, "limit": limit},
    )
    return [UserId(one) for one in found]


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return all that a person ever said, in its order."""
    return await tx.values(
        "SELECT to_jsonb(t) - '{user_id,number}'::text[] FROM users.consent t WHERE t.user_id = %s ORDER BY t.number",
        [user_id],
    )
