"""What wallets hold of a person.

It stays, because the books balance only whole; an entry is an amount on the account of an id.
"""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.wallets import store
from vibestream.platform.personal_data import PersonalData, stays

PERSONAL: Final = PersonalData(name="payment.wallets", export=store.records_of, erase=stays)
