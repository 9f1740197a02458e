"""Where requests for payouts came from, until the risk check has spoken."""

from __future__ import annotations

from vibestream.contexts.payment.payouts.domain.origin import Origin
from vibestream.kernel.ids import PayoutId
from vibestream.platform.database import Tx


async def insert_origin(tx: Tx, payout_id: PayoutId, origin: Origin) -> None:
    """Keep where a request came from."""
    await tx.execute(
        "INSERT INTO payment.payout_origin (payout_id, network, device, country) VALUES (%s, %s, %s, %s)",
        [payout_id, origin.network, origin.device, origin.country],
    )


async def load_origin(tx: Tx, payout_id: PayoutId) -> Origin | None:
    """Return where a request came from; None once that was forgotten."""
    return await tx.one(
        Origin, "SELECT network, device, country FROM payment.payout_origin WHERE payout_id = %s", [payout_id]
    )


async def forget_origin(tx: Tx, payout_id: PayoutId) -> None:
    """Forget where a request came from."""
    await tx.execute("DELETE FROM payment.payout_origin WHERE payout_id = %s", [payout_id])
