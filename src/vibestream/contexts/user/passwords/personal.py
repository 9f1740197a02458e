"""What passwords hold of a person: a hash."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.passwords import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.passwords", export=store.records_of, erase=store.erase_person)
