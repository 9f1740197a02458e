"""What warm-up holds of a person: which of their listens waited."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.warming import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="listen_reward.warming", export=store.records_of, erase=store.erase_person)
"""What warm-up holds of a person."""
