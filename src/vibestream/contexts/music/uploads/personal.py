"""What uploads hold of a person: names of files."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.music.uploads.store import personal as store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="music.uploads", export=store.records_of, erase=store.erase_person)
