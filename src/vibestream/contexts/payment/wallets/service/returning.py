"""Some of a settled payment leaves again: who bears it, once per refund or lost dispute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.wallets import store
from vibestream.contexts.payment.wallets.service.drawing import Drawn, draw
from vibestream.contexts.payment.wallets.service.spending import give, release, reserve
from vibestream.contexts.payment.wallets.store import Destination, GiveBackReason, Settlement
from vibestream.kernel.ids import PaymentId, RefundId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx

_DISPUTE_LASTS: Final = timedelta(days=150)
"""Longer than card networks take to decide (up to 120 days), so that a forgotten dispute does not hold money for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A giving back that has to be done now; its settlement is locked."""

    key: str
    settlement: Settlement
    reason: GiveBackReason
    wanted: Money
    counted: Money
    """How much of it was still with us: what its receivers have to give back at most. May be zero."""
    at: datetime


async def begin_return(
    tx: Tx, *, key: str, payment_id: PaymentId, amount: Money, reason: GiveBackReason, at: datetime
) -> Return | None:
    """Lock a payment's settlement and return what has to be given back; None when it was, or the payment never settled.

    Args:
        tx: the caller's transaction.
        key: the fact: `refund:<refund id>`, `dispute:<id of the news>`.
        payment_id: the payment.
        amount: what left, positive.
        reason: why.
        at: when.
    """
    settlement = await store.lock_settlement(tx, payment_id=payment_id)
    if settlement is None or await store.knows_give_back(tx, key=key):
        return None
    counted = min(amount, settlement.left)
    return Return(key=key, settlement=settlement, reason=reason, wanted=amount, counted=counted, at=at)


async def finish_return(tx: Tx, *, asked: Return, drawn: Drawn | None) -> None:
    """Write down who bore it; what nobody did stays in the losses that checkout posted."""
    await store.insert_give_back(
        tx,
        key=asked.key,
        payment_id=asked.settlement.payment_id,
        reason=asked.reason,
        wanted=asked.wanted.minor,
        counted=asked.counted.minor,
        taken=0 if drawn is None else (drawn.from_sources + drawn.from_others).minor,
        owed=0 if drawn is None else drawn.owed.minor,
        transaction_id=None if drawn is None else drawn.transaction_id,
        at=asked.at,
    )


async def note_refund(tx: Tx, *, payment_id: PaymentId, refund_id: RefundId, amount: Money, at: datetime) -> bool:
    """Count a refund that we had asked for, once, and say whether it was new: its money was taken when it was asked for."""
    asked = await begin_return(
        tx,
        key=f"refund:{refund_id}",
        payment_id=payment_id,
        amount=amount,
        reason=GiveBackReason.REFUND_ASKED,
        at=at,
    )
    if asked is None:
        return False
    await finish_return(tx, asked=asked, drawn=None)
    return True


async def watch_dispute(tx: Tx, *, payment_id: PaymentId, amount: Money, news: str, is_open: bool) -> None:
    """Hold what is there of a disputed payment in its payer's wallet while the dispute is open, and release it after.

    Nothing for a payment that did not go to a wallet. `news` tells one dispute of a payment from another.
    """
    settlement = await store.lock_settlement(tx, payment_id=payment_id)
    if settlement is None or settlement.destination is not Destination.WALLET:
        return
    if not is_open:
        await _stop_watching(tx, settlement)
        return
    if settlement.dispute_hold is not None:
        return
    account = await ledger.open_account(
        tx, name=ledger.wallet(user_id=settlement.user_id, currency=settlement.amount.currency)
    )
    balance = await ledger.balance_of(tx, account_id=account)
    held = min(amount, settlement.left, balance.available)
    if held.minor <= 0:
        return
    hold_id = await reserve(
        tx,
        key=f"dispute:{payment_id}:{news}",
        user_id=settlement.user_id,
        amount=held,
        expires_at=settlement.settled_at + _DISPUTE_LASTS,
        reason="dispute",
    )
    await store.save_dispute_hold(tx, payment_id=payment_id, hold_id=hold_id)


async def take_back(
    tx: Tx, *, key: str, payment_id: PaymentId, amount: Money, gateway: str, reason: GiveBackReason, at: datetime
) -> None:
    """Take what is there of a payment that left again out of its payer's wallet, down to zero at most, once per key.

    It goes to `chargeback_losses:<gateway>`, where checkout has put the whole; what the wallet does not have stays a loss.
    What other purchases hold of the wallet is left alone.
    """
    asked = await begin_return(tx, key=key, payment_id=payment_id, amount=amount, reason=reason, at=at)
    if asked is None:
        return
    settlement = asked.settlement
    await _stop_watching(tx, settlement)
    currency = settlement.amount.currency
    drawn = await draw(
        tx,
        key=f"{key}:taken_back",
        kind="take_back",
        amount=asked.counted,
        sources=[ledger.wallet(user_id=settlement.user_id, currency=currency)],
        into=AccountName(AccountKind.CHARGEBACK_LOSSES, gateway, currency),
        details={"payment_id": str(payment_id), "reason": reason.value},
        at=at,
    )
    await finish_return(tx, asked=asked, drawn=drawn)


async def restore(tx: Tx, *, payment_id: PaymentId, amount: Money, at: datetime) -> Money | None:
    """Reverse what a lost dispute over an amount took, since it was won after all, and return how much counts again.

    None when no such loss was written down, or it was restored before: then nothing has to be.

    Raises:
        InsufficientFunds: never on accounts that had given; a reversal of theirs gives.
    """
    if await store.lock_settlement(tx, payment_id=payment_id) is None:
        return None
    lost = await store.load_lost(tx, payment_id=payment_id, wanted=amount.minor)
    if lost is None:
        return None
    if lost.transaction_id is not None:
        await ledger.reverse(
            tx, transaction_id=lost.transaction_id, key=f"{lost.key}:restored", reason="dispute won after all"
        )
    await store.save_restored(tx, key=lost.key, payment_id=payment_id, counted=lost.counted, at=at)
    return Money(lost.counted, amount.currency)


async def restore_to_payer(tx: Tx, *, payment_id: PaymentId, amount: Money, gateway: str, at: datetime) -> Money | None:
    """Put what a lost dispute took into the payer's wallet, since it was won after all, and return how much counts again.

    For what cannot be had back as it was, such as a subscription that ended by the loss. None as for `restore`.
    """
    settlement = await store.lock_settlement(tx, payment_id=payment_id)
    lost = await store.load_lost(tx, payment_id=payment_id, wanted=amount.minor)
    if settlement is None or lost is None:
        return None
    taken = Money(lost.taken, amount.currency)
    if taken.minor:
        await give(
            tx,
            key=f"{lost.key}:restored",
            kind="payment_kept",
            legs=[
                (AccountName(AccountKind.CHARGEBACK_LOSSES, gateway, amount.currency), -taken),
                (ledger.wallet(user_id=settlement.user_id, currency=amount.currency), taken),
            ],
            details={"payment_id": str(payment_id)},
            at=at,
        )
    await store.save_restored(tx, key=lost.key, payment_id=payment_id, counted=lost.counted, at=at)
    return Money(lost.counted, amount.currency)


async def _stop_watching(tx: Tx, settlement: Settlement) -> None:
    if settlement.dispute_hold is not None:
        await release(tx, hold_id=settlement.dispute_hold)
        await store.save_dispute_hold(tx, payment_id=settlement.payment_id, hold_id=None)
