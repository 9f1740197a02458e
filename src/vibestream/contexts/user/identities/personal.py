"""What is held of a person's accounts at other issuers. What waits to be connected has no person yet, and goes in half an hour."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from vibestream.contexts.user.identities.store import identities, requests
from vibestream.platform.database import Tx
from vibestream.platform.personal_data import PersonalData


async def _erase(tx: Tx, user_id: UUID) -> None:
    await identities.erase_person(tx, user_id)
    await requests.erase_person(tx, user_id)


PERSONAL: Final = PersonalData(name="user.identities", export=identities.records_of, erase=_erase)
"""What is held of a person's accounts at other issuers."""
