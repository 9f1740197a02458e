"""What listening holds of a person: what they heard, and by which browser."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.listening import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="listen_reward.listening", export=store.records_of, erase=store.erase_person)
