"""What pictures hold of a person: their own, and those of their artists."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from vibestream.contexts.user.pictures.service.dropping import drop_later
from vibestream.contexts.user.pictures.store import personal as store
from vibestream.platform.database import Tx
from vibestream.platform.personal_data import PersonalData


async def erase(tx: Tx, user_id: UUID) -> None:
    """Delete a person's pictures, also of an artist whose music stays, and have what is stored of them deleted."""
    for picture_id in await store.erase_person(tx, user_id):
        await drop_later(tx, picture_id=picture_id)


PERSONAL: Final = PersonalData(name="user.pictures", export=store.records_of, erase=erase)
