"""What profiles hold of a person: what they are called, here and as artists."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.profiles import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.profiles", export=store.records_of, erase=store.erase_person)
