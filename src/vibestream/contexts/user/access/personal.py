"""What access holds of a person: their roles."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.access import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.access", export=store.records_of, erase=store.erase_person)
