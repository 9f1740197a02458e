"""What sessions hold of a person: from which browsers and networks they came."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.sessions import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.sessions", export=store.records_of, erase=store.erase_person)
