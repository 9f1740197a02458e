"""What fans' pages hold of a person: what they show, whom they follow, whom they blocked."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.fans.store import personal
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.fans", export=personal.records_of, erase=personal.erase_person)
