"""Spending from the wallet: at once, or held until a payment beside it has come to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountName, HoldExpired, HoldResolved, Leg, Posted, Posting
from vibestream.kernel.ids import HoldId, TransactionId, UserId, new_id
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx


async def spend(
    tx: Tx,
    *,
    key: str,
    user_id: UserId,
    amount: Money,
    kind: str,
    into: Sequence[tuple[AccountName, Money]],
    details: Mapping[str, str],
    at: datetime,
) -> Posted:
    """Move an amount from a person's wallet to where it is spent, once per key. What is zero is left out.

    Args:
        tx: the caller's transaction.
        key: the fact that it pays for.
        user_id: whose wallet.
        amount: positive.
        kind: of the ledger's transaction.
        into: who gains what; sums to the amount.
        details: what a reader needs to understand it.
        at: when it took effect.

    Raises:
        InsufficientFunds: the wallet has less to spare, counting what is held.
    """
    return await give(
        tx,
        key=key,
        kind=kind,
        legs=[(ledger.wallet(user_id=user_id, currency=amount.currency), -amount), *into],
        details=details,
        at=at,
    )


async def give(
    tx: Tx, *, key: str, kind: str, legs: Sequence[tuple[AccountName, Money]], details: Mapping[str, str], at: datetime
) -> Posted:
    """Post legs on named accounts, opening those that are new, once per key. What is zero is left out.

    Raises:
        InsufficientFunds: a guarded account has less to spare.
        UnbalancedPosting: the legs do not sum to zero.
    """
    moving = [(name, amount) for name, amount in legs if amount.minor]
    accounts = await ledger.open_accounts(tx, names=[name for name, _ in moving])
    posting = Posting(
        transaction_id=TransactionId(new_id()),
        key=key,
        kind=kind,
        legs=tuple(Leg(account, amount) for account, (_, amount) in zip(accounts, moving, strict=True)),
        details=details,
        effective_at=at,
    )
    return await ledger.post(tx, posting=posting)


async def reserve(tx: Tx, *, key: str, user_id: UserId, amount: Money, expires_at: datetime, reason: str) -> HoldId:
    """Hold some of a person's wallet for a purchase whose payment is under way, once per key.

    Raises:
        InsufficientFunds: the wallet has less to spare.
    """
    account = await ledger.open_account(tx, name=ledger.wallet(user_id=user_id, currency=amount.currency))
    return await ledger.place_hold(tx, key=key, account_id=account, amount=amount, expires_at=expires_at, reason=reason)


async def release(tx: Tx, *, hold_id: HoldId) -> None:
    """Give back what is held; nothing when it was given back, taken, or expired before."""
    try:
        await ledger.void_hold(tx, hold_id=hold_id)
    except (HoldResolved, HoldExpired):
        return
