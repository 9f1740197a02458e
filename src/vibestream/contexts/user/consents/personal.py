"""What consents hold of a person: what they said, and when.

The lines stay, because that there was a consent has to be provable; with the account every consent ends.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from vibestream.contexts.user.consents import service, store
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.personal_data import PersonalData


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """End a person's consents."""
    await service.withdraw_all(tx, user_id=user_id, now=utc_now())


PERSONAL: Final = PersonalData(name="user.consents", export=store.records_of, erase=erase_person)
