"""What insiders hold of a person: for which artists they work or worked."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.insiders import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="listen_reward.insiders", export=store.records_of, erase=store.erase_person)
