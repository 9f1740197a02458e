"""What perks hold of a person: what they wrote as an artist. A proof that opened one is of nobody."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.fandom import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="listen_reward.fandom", export=store.records_of, erase=store.erase_person)
"""What perks hold of a person."""
