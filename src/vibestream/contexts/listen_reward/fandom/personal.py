"""What perks hold of a person: what they wrote as an artist. A proof that opened one is of nobody."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx
from vibestream.platform.personal_data import PersonalData


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the perks that somebody wrote."""
    return await tx.values(
        "SELECT jsonb_build_object('perk_id', perk_id, 'artist_id', artist_id, 'title', title, 'text', text,"
        " 'least_s', least_s, 'made_at', made_at, 'withdrawn_at', withdrawn_at)"
        " FROM listen_reward.perk WHERE made_by = %s ORDER BY made_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Withdraw what somebody offered and empty what they wrote; that it was opened stays, for it is of nobody."""
    await tx.execute(
        "UPDATE listen_reward.perk SET title = '-', text = '-', withdrawn_at = coalesce(withdrawn_at, now())"
        " WHERE made_by = %s AND (title <> '-' OR text <> '-' OR withdrawn_at IS NULL)",
        [user_id],
    )


PERSONAL: Final = PersonalData(name="listen_reward.fandom", export=records_of, erase=erase_person)
"""What perks hold of a person."""
