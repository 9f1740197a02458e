"""What is held of a person as an artist: the weeks that were published of their audience. Of listeners nothing is in it."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.analytics import store
from vibestream.platform.personal_data import PersonalData

PERSONAL: Final = PersonalData(name="listen_reward.analytics", export=store.records_of, erase=store.erase_person)
"""What is held of a person as an artist."""
