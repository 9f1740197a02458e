"""What is held of a person's accounts at other issuers. What waits to be connected has no person yet, and goes in half an hour."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.identities.store import identities
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.identities", export=identities.records_of, erase=identities.erase_person)
"""What is held of a person's accounts at other issuers."""
