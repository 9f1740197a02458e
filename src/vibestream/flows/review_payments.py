"""A payment that waited for a person's look at its risk goes on, or is given up."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.events import ReviewDecided
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def continue_payment(tx: Tx, event: ReviewDecided) -> None:
    """Go on with the payment that was reviewed; what was decided about payouts is not for here."""
    if event.kind == "payment":
        await checkout.review_decided(tx, decision_id=event.decision_id, released=event.released, now=event.occurred_at)


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=ReviewDecided, consumer="review_payments", handle=continue_payment, poison=Poison.BLOCK_KEY),
)
