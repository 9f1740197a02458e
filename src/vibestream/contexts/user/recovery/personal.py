"""What recovery holds of a person: who asked for a new password, and from where."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.recovery import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.recovery", export=store.records_of, erase=store.erase_person)
