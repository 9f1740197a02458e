"""What fraud holds of a person: networks, devices, ways to pay."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.fraud.store import personal as store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="payment.fraud", export=store.records_of, erase=store.erase_person)
