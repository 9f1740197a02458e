"""What payouts hold of a person: where their money is sent."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.payouts.store import personal as store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="payment.payouts", export=store.records_of, erase=store.erase_person)
