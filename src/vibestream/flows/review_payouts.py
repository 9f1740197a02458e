"""A payout that waited for a person's look at its risk goes on, or gives its money back."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from vibestream.contexts.payment.events import ReviewDecided
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.kernel.ids import PayoutId
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def continue_payout(tx: Tx, event: ReviewDecided) -> None:
    """Go on with the payout that was reviewed; what was decided about payments is not for here."""
    if event.kind == "payout":
        await payouts.note_reviewed(
            tx, payout_id=PayoutId(UUID(event.subject)), released=event.released, now=event.occurred_at
        )


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=ReviewDecided, consumer="review_payouts", handle=continue_payout, poison=Poison.BLOCK_KEY),
)
