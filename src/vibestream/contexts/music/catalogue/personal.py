"""What the catalogue holds of a person: what they wrote on their releases, and the covers."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from vibestream.contexts.music.catalogue.service.dropping import drop_cover
from vibestream.contexts.music.catalogue.store import personal as store
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer
from vibestream.platform.personal_data import PersonalData


async def erase(tx: Tx, user_id: UUID) -> None:
    """Empty what a person wrote on releases that are not public, and have their covers deleted."""
    for key in await store.erase_person(tx, user_id):
        await defer(tx, drop_cover, key=key)


PERSONAL: Final = PersonalData(name="music.catalogue", export=store.records_of, erase=erase)
