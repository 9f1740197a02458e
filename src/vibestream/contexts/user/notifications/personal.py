"""What notifications hold of a person: what they were told."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.notifications.store import personal as store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.notifications", export=store.records_of, erase=store.erase_person)
