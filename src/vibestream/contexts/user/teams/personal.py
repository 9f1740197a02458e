"""What teams hold of a person: in whose they are, and whom they invited."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.teams import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.teams", export=store.records_of, erase=store.erase_person)
