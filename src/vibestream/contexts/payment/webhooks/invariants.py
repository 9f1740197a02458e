"""What must always hold of the inbox: DESIGN section 5, number 3 as far as it goes."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _worked_off(tx: Tx) -> Finding:
    received = await tx.value("SELECT count(*) FROM payment.webhook")
    waiting = await tx.values(
        """
        SELECT gateway || ' ' || event_ref || ' waits since ' || changed_at FROM payment.webhook
        WHERE state IN ('received', 'processing') AND changed_at < now() - interval '1 hour'
        ORDER BY changed_at LIMIT 5
        """
    )
    return Finding(ok=not waiting, figure=f"{received} events", detail="; ".join(waiting))


INVARIANTS: Final = (
    Invariant(
        "webhooks.worked_off",
        "Every event that a gateway proved to have sent was processed within an hour, or is shown as failed.",
        _worked_off,
    ),
)
