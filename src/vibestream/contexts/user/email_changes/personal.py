"""What changes of addresses hold of a person: those they had, and those they wanted."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.email_changes import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.email_changes", export=store.records_of, erase=store.erase_person)
