"""What becomes of a tip when its payment is captured, or comes to nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from vibestream.contexts.payment.events import TipReceived
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import (
    AccountKind,
    AccountName,
    HoldExpired,
    HoldResolved,
    InsufficientFunds,
)
from vibestream.contexts.payment.tips import store
from vibestream.contexts.payment.tips.domain import Tip, TipState
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import Captured, Destination
from vibestream.kernel.ids import HoldId, PaymentId, TransactionId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish


async def settle(tx: Tx, *, captured: Captured, now: datetime) -> None:
    """Let a captured payment, with what is held of the wallet beside it, reach the artist; once, whatever is repeated.

    When the wallet's part is not there any more (its hold was over and it was spent), the payment goes to the payer's
    wallet and the tip is given up. So does a payment that no tip waits for.
    """
    tip = await store.lock_of_payment(tx, payment_id=captured.payment_id)
    if tip is None or tip.amount - tip.from_wallet != captured.amount:
        await wallets.settle_into_wallet(tx, captured=captured, kind="payment_kept")
        return
    if tip.state not in {TipState.WAITING, TipState.ABANDONED}:
        return
    try:
        transaction_id = await _reach(tx, tip, captured)
    except InsufficientFunds:
        kept = {"tip_id": str(tip.tip_id)}
        await wallets.settle_into_wallet(tx, captured=captured, kind="payment_kept", details=kept)
        await store.save_abandoned(tx, tip_id=tip.tip_id)
        return
    if transaction_id is None:
        return
    await store.save_paid(tx, tip_id=tip.tip_id, transaction_id=transaction_id, at=captured.at)
    await announce_received(tx, tip=replace(tip, state=TipState.PAID, paid_at=captured.at), now=now)


async def abandon(tx: Tx, *, payment_id: PaymentId) -> None:
    """Give a tip up whose payment will not happen, and what was held of the wallet back."""
    tip = await store.lock_of_payment(tx, payment_id=payment_id)
    if tip is None or tip.state is not TipState.WAITING:
        return
    if tip.hold_id is not None:
        await wallets.release(tx, hold_id=tip.hold_id)
    await store.save_abandoned(tx, tip_id=tip.tip_id)


def gains(tip: Tip) -> list[tuple[AccountName, Money]]:
    """Return who gains what by a tip."""
    currency = tip.amount.currency
    return [
        (pending_of(tip), tip.earned),
        (AccountName(AccountKind.PLATFORM_REVENUE, "tips", currency), tip.platform_share),
    ]


def pending_of(tip: Tip) -> AccountName:
    """Return the account that a tip lands in."""
    return AccountName(AccountKind.ROYALTIES_PENDING, str(tip.payee), tip.amount.currency)


async def announce_received(tx: Tx, *, tip: Tip, now: datetime) -> None:
    """Announce that a tip reached its artist."""
    await publish(
        tx,
        TipReceived(
            occurred_at=now,
            tip_id=tip.tip_id,
            from_user=tip.from_user,
            payee=tip.payee,
            amount=tip.amount,
            earned=tip.earned,
        ),
    )


async def _reach(tx: Tx, tip: Tip, captured: Captured) -> TransactionId | None:
    try:
        return await _post(tx, tip, captured, captures=tip.hold_id)
    except (HoldExpired, HoldResolved):
        return await _post(tx, tip, captured, captures=None)  # what it held may still be there


async def _post(tx: Tx, tip: Tip, captured: Captured, *, captures: HoldId | None) -> TransactionId | None:
    wallet = ledger.wallet(user_id=tip.from_user, currency=tip.amount.currency)
    return await wallets.settle(
        tx,
        captured=captured,
        destination=Destination.TIP,
        subject=str(tip.tip_id),
        kind="tip",
        into=[(wallet, -tip.from_wallet), *gains(tip)],
        details={"tip_id": str(tip.tip_id), "artist_id": str(tip.artist_id)},
        captures=captures,
    )
