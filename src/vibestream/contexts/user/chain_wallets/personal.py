"""What is held of a person's wallets of a chain."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.chain_wallets import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="user.chain_wallets", export=store.records_of, erase=store.erase_person)
"""What is held of a person's wallets of a chain."""
