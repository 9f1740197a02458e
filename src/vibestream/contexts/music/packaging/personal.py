"""What packaging holds of a person: names of files, what is written in them, and the sound itself."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from vibestream.contexts.music.packaging import store
from vibestream.contexts.music.packaging.service.dropping import drop_masters
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.personal_data import PersonalData


async def erase(tx: Tx, user_id: UUID) -> None:
    """Forget the masters of a person, and have their objects deleted.

    What music that stays public plays is kept without its names; a master that somebody else has uploaded too is theirs.
    """
    await store.empty_public(tx, user_id)
    dropped = await store.drop_private(tx, user_id)
    await drop_masters(tx, checksums=dropped, now=utc_now())


PERSONAL: Final = PersonalData(name="music.packaging", export=store.records_of, erase=erase)
