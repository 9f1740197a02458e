"""What locks hold of a person: when and why their account was locked."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.locks import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.locks", export=store.records_of, erase=store.erase_person)
