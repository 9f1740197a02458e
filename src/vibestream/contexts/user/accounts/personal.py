"""What accounts hold of a person: their address."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.accounts import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.accounts", export=store.records_of, erase=store.erase_person)
