"""What must always hold of wallets without a name: what left them was ordered, and what was ordered left them."""

from __future__ import annotations

from typing import Final

from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _ordered_is_moved(tx: Tx) -> Finding:
    total = await tx.value("SELECT coalesce(sum(amount), 0)::bigint FROM payment.claim_order")
    wrong = await tx.values(
        """
        SELECT coalesce(ordered.digest, moved.digest) || ' ordered ' || coalesce(ordered.amount, 0) || ', moved '
            || coalesce(moved.amount, 0)
        FROM (SELECT wallet, encode(digest, 'hex') AS digest, amount FROM payment.claim_order) ordered
        FULL JOIN (
            SELECT account.subject AS wallet, split_part(transaction.idempotency_key, ':', 2) AS digest, -entry.amount AS amount
            FROM payment.entry
            JOIN payment.account ON account.id = entry.account_id AND account.kind = 'claim_wallet'
            JOIN payment.transaction ON transaction.id = entry.transaction_id
            WHERE entry.amount < 0
        ) moved USING (wallet, digest)
        WHERE ordered.amount IS DISTINCT FROM moved.amount LIMIT %s
        """,
        [_SHOWN],
    )
    return Finding(ok=not wrong, figure=f"{Money(total, VIBE)} ordered out of them", detail="; ".join(wrong))


INVARIANTS: Final = (
    Invariant(
        "claim_wallets.ordered_is_moved",
        "What left a wallet without a name was ordered by its key, once, and what was ordered left it.",
        _ordered_is_moved,
    ),
)
