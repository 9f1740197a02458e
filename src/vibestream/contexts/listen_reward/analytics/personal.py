"""What is held of a person as an artist: the weeks that were published of their audience. Of listeners nothing is in it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from vibestream.contexts.listen_reward.analytics import store
from vibestream.contexts.listen_reward.analytics.store import splits
from vibestream.platform.database import Tx
from vibestream.platform.personal_data import PersonalData


async def _erase(tx: Tx, user_id: UUID) -> None:
    """Delete what was published of a person's artists, and what their own listens were started from."""
    await store.erase_person(tx, user_id)
    await splits.delete_surfaces_of(tx, user_id)


PERSONAL: Final = PersonalData(name="listen_reward.analytics", export=store.records_of, erase=_erase)
"""What is held of a person as an artist."""
