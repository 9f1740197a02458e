"""What scoring holds of a person: from where they listened, and what they wrote when a listen was held."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.scoring.store import personal as store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="listen_reward.scoring", export=store.records_of, erase=store.erase_person)
