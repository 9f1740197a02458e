"""What sources of pools hold of a person: which top-ups they proposed and decided about, by id, kept with the books."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.pool_sources import store
from vibestream.platform.personal_data import PersonalData, stays

PERSONAL: Final = PersonalData(name="payment.pool_sources", export=store.records_of, erase=stays)
"""What sources of pools hold of a person."""
