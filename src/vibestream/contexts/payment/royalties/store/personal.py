"""What royalties hold of a person."""

from __future__ import annotations

from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the tracks whose royalties a person shares out."""
    return await tx.values(
        "SELECT jsonb_build_object('track_id', track_id, 'title', title, 'isrc', isrc) FROM payment.royalty_track"
        " WHERE owner_user_id = %s ORDER BY track_id",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Empty what a person's tracks are called; what they earned stays on everybody's statements."""
    await tx.execute("UPDATE payment.royalty_track SET title = '', isrc = NULL WHERE owner_user_id = %s", [user_id])
