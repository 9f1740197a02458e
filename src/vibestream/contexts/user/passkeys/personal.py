"""What passkeys hold of a person: keys, and what they called them."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.passkeys import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.passkeys", export=store.records_of, erase=store.erase_person)
