"""What the security log holds of a person.

Its lines stay, because it is a chain; the networks in it are under the person's key.
"""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.audit_log import store
from vibestream.platform.personal_data import PersonalData, stays

PERSONAL: Final = PersonalData(name="user.audit_log", export=store.records_of, erase=stays)
