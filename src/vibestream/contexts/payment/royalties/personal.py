"""What royalties hold of a person: titles of their tracks."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.royalties.store import personal as store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="payment.royalties", export=store.records_of, erase=store.erase_person)
