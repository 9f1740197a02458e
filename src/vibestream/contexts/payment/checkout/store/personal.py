"""What is personal in a stream: the payer's address, network and device, encrypted under the payer's key.

Once that key is destroyed the fields read as if they had never been given; everything else of the stream stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from vibestream.contexts.payment.checkout.domain.events import Happened, Started
from vibestream.kernel.ids import PaymentId
from vibestream.platform import person_keys
from vibestream.platform.database import Tx

FIELDS: Final = ("payer_email", "network", "device")


async def sealed(tx: Tx, payment_id: PaymentId, event: Happened) -> Happened:
    """Return an event as it is stored."""
    if not isinstance(event, Started):
        return event
    kept: dict[str, str | None] = {}
    for name in FIELDS:
        text = getattr(event, name) or ""
        place = _place(payment_id, name)
        kept[name] = await person_keys.seal(tx, user_id=event.user_id, text=text, belongs_to=place) or None
    return replace(event, **kept)  # type: ignore[arg-type] # the three are text or None


async def opened(tx: Tx, stored: Sequence[tuple[PaymentId, Happened]]) -> list[Happened]:
    """Return stored events as they were; one question for all of them."""
    people = {event.user_id for _, event in stored if isinstance(event, Started)}
    keys = await person_keys.keys_of(tx, user_ids=people) if people else {}

    def open_one(payment_id: PaymentId, event: Happened) -> Happened:
        if not isinstance(event, Started):
            return event
        read = {
            name: person_keys.unseal(
                keys, user_id=event.user_id, text=getattr(event, name) or "", belongs_to=_place(payment_id, name)
            )
            or None
            for name in FIELDS
        }
        return replace(event, **read)  # type: ignore[arg-type] # the three are text or None

    return [open_one(payment_id, event) for payment_id, event in stored]


def _place(payment_id: PaymentId, name: str) -> str:
    return f"payment.payment_event:{payment_id}:{name}"
