"""What analytics hold of a person: the days that were counted while they consented."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from vibestream.contexts.user.analytics import store
from vibestream.platform.database import Tx
from vibestream.platform.personal_data import PersonalData


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete all that was counted of a person."""
    await store.forget(tx, user_id)


PERSONAL: Final = PersonalData(name="user.analytics", export=store.records_of, erase=erase_person)
"""What analytics hold of a person."""
