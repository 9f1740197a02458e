"""What OAuth holds of a person: what they let apps do, and apps of their own."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.oauth.store import personal as store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.oauth", export=store.records_of, erase=store.erase_person)
