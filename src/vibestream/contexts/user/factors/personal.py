"""What second factors hold of a person: a secret, and codes."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.factors import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.factors", export=store.records_of, erase=store.erase_person)
