"""Topping a wallet up, and having a top-up refunded. The public interface of this capability."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentView, Purpose
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.top_ups.store import Bounds, list_bounds
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import Destination, Settlement
from vibestream.kernel.errors import Conflict, InvalidInput, Missing
from vibestream.kernel.ids import PaymentId, RefundId, UserId, new_id
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx

__all__ = [
    "Bounds",
    "NothingToRefund",
    "TopUpMissing",
    "TopUpOutOfBounds",
    "bounds",
    "refund",
    "refundable",
    "start",
]


class TopUpOutOfBounds(InvalidInput):
    """Too little or too much, or in a currency that wallets are not topped up in."""

    code: ClassVar[str] = "top_ups.out_of_bounds"


class TopUpMissing(Missing):
    """There is no such payment in this person's wallet."""

    code: ClassVar[str] = "top_ups.missing"


class NothingToRefund(Conflict):
    """Nothing of it is left in the wallet, or less than was asked for."""

    code: ClassVar[str] = "top_ups.nothing_to_refund"

    def __init__(self, *, refundable: Money) -> None:
        super().__init__(f"{refundable} of this payment can still be refunded from your wallet.")
        self.refundable = refundable.decimal
        self.currency = refundable.currency.code


async def bounds(tx: Tx, *, now: datetime) -> list[Bounds]:
    """Return the currencies that wallets are topped up in, each with the least and the most of one top-up."""
    return await list_bounds(tx, now=now)


async def start(
    tx: Tx,
    *,
    key: str,
    user_id: UserId,
    amount: Money,
    return_to: str,
    now: datetime,
    payer_email: str | None = None,
    country: str | None = None,
    gateway: GatewayName | None = None,
    network: str | None = None,
    device: str | None = None,
) -> PaymentView:
    """Start a payment into somebody's wallet, once per key and person; what it brings stands there once it is captured.

    Asked again, it returns the same payment as it stands. A key has 1 to 250 characters and is kept for ever.

    Raises:
        TopUpOutOfBounds: says what is taken.
        PaymentKeyReused: the key asked for another top-up.
    """
    for one in await list_bounds(tx, now=now):
        if one.minimum.currency == amount.currency:
            if one.minimum <= amount <= one.maximum:
                break
            raise TopUpOutOfBounds(f"A top-up is between {one.minimum} and {one.maximum}.")
    else:
        raise TopUpOutOfBounds(f"Wallets are not topped up in {amount.currency.code}.")
    return await checkout.start(
        tx,
        key=f"top_up:{user_id}:{key}",
        user_id=user_id,
        purpose=Purpose.WALLET_TOP_UP,
        subject="",
        amount=amount,
        description="VibeStream wallet",
        return_to=return_to,
        payer_email=payer_email,
        country=country,
        gateway=gateway,
        network=network,
        device=device,
    )


async def refundable(tx: Tx, *, payment_id: PaymentId, user_id: UserId) -> Money:
    """Return how much of a payment can go back from somebody's wallet: what is left of it, and still there.

    Raises:
        TopUpMissing: it did not go to this person's wallet.
        UnknownPayment: it did, and there is no payment behind it.
    """
    settled = await wallets.settlement(tx, payment_id=payment_id)
    return await _refundable(tx, _own(settled, user_id=user_id))


async def refund(
    tx: Tx, *, payment_id: PaymentId, user_id: UserId, amount: Money | None, reason: str, requested_by: UserId | None
) -> RefundId:
    """Have a payment, or some of it, refunded out of the wallet that it went to.

    The money leaves the wallet now; when the refund comes to nothing it is there again.

    Args:
        tx: the caller's transaction.
        payment_id: which.
        user_id: whose wallet.
        amount: how much; None: whatever can be.
        reason: for the gateway and for people, 1 to 200 characters.
        requested_by: who wants it; None: the platform itself.

    Raises:
        TopUpMissing: it did not go to this person's wallet.
        NothingToRefund: less is left of it, or in the wallet.
        NotRefundable: it is disputed, or its money has not come.
    """
    settled = _own(await wallets.settlement(tx, payment_id=payment_id), user_id=user_id)
    most = await _refundable(tx, settled)
    wanted = most if amount is None else amount
    if not 0 < wanted.minor <= most.minor or wanted.currency != most.currency:
        raise NothingToRefund(refundable=most)
    return await checkout.request_refund(
        tx,
        key=f"top_up_refund:{new_id()}",
        payment_id=payment_id,
        amount=wanted,
        reason=reason,
        requested_by=requested_by,
        source=ledger.wallet(user_id=user_id, currency=wanted.currency),
    )


def _own(settled: Settlement | None, *, user_id: UserId) -> Settlement:
    if settled is None or settled.destination is not Destination.WALLET or settled.user_id != user_id:
        raise TopUpMissing("There is no such payment in this wallet.")
    return settled


async def _refundable(tx: Tx, settled: Settlement) -> Money:
    currency = settled.amount.currency
    under_way = (await checkout.payment(tx, payment_id=settled.payment_id)).refunding
    account = await ledger.open_account(tx, name=ledger.wallet(user_id=settled.user_id, currency=currency))
    there = (await ledger.balance_of(tx, account_id=account)).available
    return max(Money.zero(currency), min(settled.left - under_way, there))
