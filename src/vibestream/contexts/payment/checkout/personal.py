"""What payments hold of a person.

They stay, because they are the proof of what happened to money; the payer's address, network and device in the first
event of each are under the person's key.
"""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.checkout.store import views
from vibestream.platform.personal_data import PersonalData, stays

PERSONAL: Final = PersonalData(name="payment.checkout", export=views.records_of, erase=stays)
