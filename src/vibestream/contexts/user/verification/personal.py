"""What verification holds of a person: what they showed."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.verification import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.verification", export=store.records_of, erase=store.erase_person)
