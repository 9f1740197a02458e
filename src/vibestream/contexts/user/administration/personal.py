"""What administration holds of a person: which roles it was proposed that they get or lose."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.administration import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.administration", export=store.records_of, erase=store.erase_person)
