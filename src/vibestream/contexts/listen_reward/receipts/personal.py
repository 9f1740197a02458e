"""What receipts hold of a person.

They stay, because the root of each epoch was signed over them; a receipt is a listen of an id.
"""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.receipts.store import personal as store
from vibestream.platform.personal_data import PersonalData, stays

PERSONAL: Final = PersonalData(name="listen_reward.receipts", export=store.records_of, erase=stays)
