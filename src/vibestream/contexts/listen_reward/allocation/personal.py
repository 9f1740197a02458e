"""What policies hold of a person: that they proposed or approved one. It stays: whoever moves money answers for it."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.allocation import store
from vibestream.platform.personal_data import PersonalData, stays

PERSONAL: Final = PersonalData(name="listen_reward.allocation", export=store.records_of, erase=stays)
