"""What delivery holds of a person: the quality they may hear."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.music.delivery import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="music.delivery", export=store.records_of, erase=store.erase_person)
