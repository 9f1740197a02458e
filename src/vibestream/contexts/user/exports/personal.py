"""What exports hold of a person: that they asked for them, and for some days the copies themselves."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from vibestream.contexts.user.exports import store
from vibestream.contexts.user.exports.service import forget
from vibestream.platform.database import Tx
from vibestream.platform.personal_data import PersonalData


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete a person's copies, and have their files deleted."""
    await forget(tx, user_id=user_id)


PERSONAL: Final = PersonalData(name="user.exports", export=store.records_of, erase=erase_person)
