"""What tips hold of a person: what they wrote, and their artist's name."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.tips import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="payment.tips", export=store.records_of, erase=store.erase_person)
