"""What is told to a person of their receipts."""

from __future__ import annotations

from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return a person's receipts, and since when they were known by which sign; never what hides one among the others."""
    return await tx.values(
        "SELECT jsonb_build_object('epoch', epoch, 'listen_id', listen_id, 'seconds', seconds)"
        " FROM listen_reward.receipt WHERE user_id = %(user_id)s UNION ALL"
        " SELECT jsonb_build_object('known_from', from_epoch, 'commitment', encode(commitment, 'hex'))"
        " FROM listen_reward.identity WHERE user_id = %(user_id)s",
        {"user_id": user_id},
    )
