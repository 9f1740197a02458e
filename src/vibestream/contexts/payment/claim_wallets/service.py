"""Spending from wallets without a name. The public interface of this capability.

carry_out      an order, once
received       what a wallet was ever paid
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from vibestream.contexts.payment.claim_wallets import store
from vibestream.contexts.payment.claim_wallets.domain import (
    LONGEST,
    Order,
    OrderExpired,
    OrderInvalid,
    Target,
    TargetKind,
    require_order,
)
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.tips import service as tips
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.kernel.errors import Conflict
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx

__all__ = [
    "LONGEST",
    "Order",
    "OrderExpired",
    "OrderInvalid",
    "OrderReused",
    "Target",
    "TargetKind",
    "WalletHasLess",
    "carry_out",
    "payee_of",
    "received",
    "require_order",
]

KIND: Final = "claim_order"
"""Of the ledger's transaction."""


class OrderReused(Conflict):
    """The nonce was used for another order of this wallet."""

    code: ClassVar[str] = "claim_wallets.order_reused"


class WalletHasLess(Conflict):
    """The wallet holds less than what is ordered, or was never paid anything."""

    code: ClassVar[str] = "claim_wallets.has_less"


async def payee_of(tx: Tx, *, target: Target) -> UserId:
    """Return into whose wallet an order moves something. Whether an account exists is for the caller to know.

    Raises:
        ArtistUnknown: there is no such artist.
    """
    if target.kind is TargetKind.ACCOUNT:
        return UserId(target.identifier)
    return await tips.payee_of(tx, artist_id=ArtistId(target.identifier))


async def carry_out(tx: Tx, *, order: Order, signature: bytes, payee: UserId, now: datetime) -> None:
    """Move what an order says into a person's wallet, once: the same order again changes nothing. Of the time the hour is kept.

    Raises:
        OrderInvalid, OrderExpired: see `require_order`.
        OrderReused: its nonce was another order's.
        WalletHasLess: there is less to move; the nonce stays unused.
    """
    require_order(order, signature=signature, now=now)
    hour = now.replace(minute=0, second=0, microsecond=0)
    if not await store.insert_order(tx, order, hour=hour):
        used = await store.digest_of(tx, wallet=order.wallet, nonce=order.nonce)
        if used is None:
            raise WalletHasLess("Nothing was ever paid into this wallet.")
        if used != order.digest:
            raise OrderReused("This order's number was used for another one.")
        return
    try:
        await wallets.give(
            tx,
            key=f"{KIND}:{order.digest.hex()}",
            kind=KIND,
            legs=[
                (AccountName(AccountKind.CLAIM_WALLET, order.wallet, VIBE), -order.amount),
                (ledger.wallet(user_id=payee, currency=VIBE), order.amount),
            ],
            details={},
            at=now,
        )
    except ledger.InsufficientFunds:
        raise WalletHasLess("The wallet holds less than what is ordered.") from None


async def received(tx: Tx, *, wallet: str) -> Money:
    """Return what a wallet was ever paid, spent or not."""
    return await store.received(tx, wallet=wallet)
