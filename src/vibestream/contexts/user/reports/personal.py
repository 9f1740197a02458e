"""What reports hold of a person: what they said of others, and what was decided about what is theirs."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.reports import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.reports", export=store.records_of, erase=store.erase_person)
