"""What pools hold of a person: what their listens earned. It stays, because each budget was shared out whole."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.pools import store
from vibestream.platform.personal_data import PersonalData, stays

PERSONAL: Final = PersonalData(name="listen_reward.pools", export=store.records_of, erase=stays)
