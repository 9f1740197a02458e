"""What subscriptions hold of a person.

They stay, because revenue was posted for them month by month; there is nothing in them but what was bought, when, and
by which id.
"""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.subscriptions.store import personal as store
from vibestream.platform.personal_data import PersonalData, stays

PERSONAL: Final = PersonalData(name="payment.subscriptions", export=store.records_of, erase=stays)
