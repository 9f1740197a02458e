"""What erasures hold of a person: that they wanted to be forgotten. The last row stays, as the tombstone."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.erasure import store
from vibestream.platform.personal_data import PersonalData, stays

PERSONAL: Final = PersonalData(name="user.erasure", export=store.records_of, erase=stays)
