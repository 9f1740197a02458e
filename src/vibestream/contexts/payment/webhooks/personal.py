"""What webhooks hold of a person: what gateways wrote about their payments."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.webhooks import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="payment.webhooks", export=store.records_of, erase=store.erase_person)
