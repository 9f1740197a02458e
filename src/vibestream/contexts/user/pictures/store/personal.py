"""Telling and erasing what these tables hold of one person."""

from __future__ import annotations

from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return a person's pictures and those of their artists, and how many they sent lately."""
    return await tx.values(
        "SELECT to_jsonb(t) - 'user_id' FROM users.picture t WHERE t.user_id = %(me)s UNION ALL"
        " SELECT jsonb_build_object('sent_since', t.began_at, 'sent', t.taken) FROM users.picture_try t"
        " WHERE t.user_id = %(me)s",
        {"me": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> list[UUID]:
    """Delete a person's pictures and those of their artists, and return their ids."""
    await tx.execute("DELETE FROM users.picture_try WHERE user_id = %s", [user_id])
    return await tx.values("DELETE FROM users.picture WHERE user_id = %s RETURNING picture_id", [user_id])
