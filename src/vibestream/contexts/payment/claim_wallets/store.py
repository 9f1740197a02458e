"""Orders that were carried out, by wallet and nonce: the nonce is what makes each count once."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.payment.claim_wallets.domain import Order
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx


async def insert_order(tx: Tx, order: Order, *, hour: datetime) -> bool:
    """Use an order's nonce up for a wallet that exists; False, and nothing changed, when it is used or there is no such wallet.

    The wallet is the address whose key signed: it is looked up by the statement that writes. Of two at once the second waits.
    """
    return (
        await tx.execute(
            """
        INSERT INTO payment.claim_order (wallet, nonce, digest, amount, ordered_hour)
        SELECT subject, %s, %s, %s, %s FROM payment.account
        WHERE kind = 'claim_wallet' AND currency = %s AND subject = %s
        ON CONFLICT DO NOTHING
        """,
            [order.nonce, order.digest, order.amount.minor, hour, VIBE.code, order.wallet],
        )
        == 1
    )


async def digest_of(tx: Tx, *, wallet: str, nonce: bytes) -> bytes | None:
    """Return which order used a nonce up."""
    found = await tx.value("SELECT digest FROM payment.claim_order WHERE wallet = %s AND nonce = %s", [wallet, nonce])
    return None if found is None else bytes(found)


async def received(tx: Tx, *, wallet: str) -> Money:
    """Return what a wallet was ever paid, spent or not."""
    return Money(
        await tx.value(
            """
            SELECT coalesce(sum(entry.amount), 0)::bigint FROM payment.entry
            JOIN payment.account ON account.id = entry.account_id
            WHERE account.kind = 'claim_wallet' AND account.currency = %s AND account.subject = %s AND entry.amount > 0
            """,
            [VIBE.code, wallet],
        ),
        VIBE,
    )
