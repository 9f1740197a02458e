"""What attempts hold of a person: when the browsers that their account knows were last seen."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.attempts import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.attempts", export=store.records_of, erase=store.erase_person)
