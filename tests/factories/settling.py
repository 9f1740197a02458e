"""Captured payments as checkout leaves them in the books: the gateway took the money, the escrow holds it.

payment = await make_captured(tx, user_id=fan, minor=1_000)        # 10.00 USD at stripe, in its escrow
assert await held_by(tx, AccountKind.WALLET, str(fan)) == 1_000
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import Captured
from vibestream.kernel.ids import PaymentId, UserId, new_id
from vibestream.kernel.money import USD, Currency, Money
from vibestream.platform.database import Tx

AT: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)


def usd(minor: int) -> Money:
    return Money(minor, USD)


async def make_captured(
    tx: Tx,
    *,
    user_id: UserId,
    minor: int = 1_000,
    currency: Currency = USD,
    at: datetime = AT,
    payment_id: PaymentId | None = None,
    gateway: str = "stripe",
) -> Captured:
    """A payment whose money stands in its escrow."""
    captured = Captured(
        payment_id=payment_id or PaymentId(new_id()), user_id=user_id, amount=Money(minor, currency), at=at
    )
    await wallets.give(
        tx,
        key=f"payment:{captured.payment_id}:capture",
        kind="capture",
        legs=[
            (AccountName(AccountKind.GATEWAY_CLEARING, gateway, currency), -captured.amount),
            (AccountName(AccountKind.PAYMENT_ESCROW, str(captured.payment_id), currency), captured.amount),
        ],
        details={"payment_id": str(captured.payment_id)},
        at=at,
    )
    return captured


async def held_by(tx: Tx, kind: AccountKind, subject: str, currency: Currency = USD) -> int:
    """What an account holds, in minor units; zero when nobody opened it."""
    found = await tx.value(
        "SELECT posted::bigint FROM payment.account_balance WHERE kind = %s AND subject = %s AND currency = %s",
        [kind.value, subject, currency.code],
    )
    return int(found or 0)


async def charged_back(tx: Tx, *, key: str, amount: Money, gateway: str = "stripe") -> None:
    """What checkout posts when a gateway gave money back that nobody here had asked it to."""
    await wallets.give(
        tx,
        key=key,
        kind="refund_unasked",
        legs=[
            (AccountName(AccountKind.GATEWAY_CLEARING, gateway, amount.currency), amount),
            (AccountName(AccountKind.CHARGEBACK_LOSSES, gateway, amount.currency), -amount),
        ],
        details={},
        at=AT,
    )


async def wallet_of(tx: Tx, user_id: UserId, currency: Currency = USD) -> tuple[int, int]:
    """What a person can spend, and what is held, in minor units."""
    account = await ledger.open_account(tx, name=ledger.wallet(user_id=user_id, currency=currency))
    balance = await ledger.balance_of(tx, account_id=account)
    return balance.available.minor, balance.held.minor
