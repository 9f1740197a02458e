"""What scoring holds of a person."""

from __future__ import annotations

from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the cases that a person's listens waited in, with what they wrote about them."""
    return await tx.values(
        "SELECT jsonb_build_object('opened_at', opened_at, 'state', state, 'decided_at', decided_at, 'appeal', appeal,"
        " 'appealed_at', appealed_at) FROM listen_reward.held_case WHERE user_id = %s ORDER BY opened_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Empty from where a person's listens came and what was written in their cases; scores and verdicts stay."""
    await tx.execute(
        "UPDATE listen_reward.score SET network = NULL, device = NULL"
        " WHERE user_id = %s AND (network IS NOT NULL OR device IS NOT NULL)",
        [user_id],
    )
    await tx.execute(
        "UPDATE listen_reward.held_case SET note = CASE WHEN note IS NOT NULL THEN '-' END,"
        " appeal = CASE WHEN appeal IS NOT NULL THEN '-' END WHERE user_id = %s",
        [user_id],
    )
