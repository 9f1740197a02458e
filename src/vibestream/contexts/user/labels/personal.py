"""What rosters hold of a person: for which artists they act as a label, and which labels their artists have."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.labels import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.labels", export=store.records_of, erase=store.erase_person)
