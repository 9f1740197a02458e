"""Queries about a person's wallet."""

from __future__ import annotations

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, Hold, StatementLine, TransactionView
from vibestream.contexts.payment.wallets.domain import Part, WalletBalance, summarize
from vibestream.kernel.ids import AccountId, TransactionId, UserId
from vibestream.kernel.money import VIBE, Currency
from vibestream.platform.database import Tx


async def open_wallet(tx: Tx, *, user_id: UserId, currency: Currency = VIBE) -> AccountId:
    """Return the account that holds what a person can spend of a currency, opening it on first use. Safe to race."""
    return await ledger.open_account(tx, name=ledger.wallet(user_id=user_id, currency=currency))


async def wallet(tx: Tx, *, user_id: UserId) -> tuple[WalletBalance, ...]:
    """Return what a person has of each currency now, by code; of VIBE always. Opens nothing."""
    return summarize(
        Part(balance.name.kind is AccountKind.WALLET_PENDING, balance.posted, balance.held)
        for balance in await ledger.balances_of_person(tx, user_id=user_id)
    )


async def transactions(
    tx: Tx, *, user_id: UserId, currency: Currency | None = None, before: int | None = None, limit: int
) -> list[StatementLine]:
    """Return up to `limit` movements of a person's accounts, the newest first, each with its whole transaction.

    Args:
        tx: the caller's transaction.
        user_id: whose wallet.
        currency: only this one; None: all.
        before: only movements below this position: that of the last one seen.
        limit: how many at most.
    """
    return await ledger.statement(tx, user_id=user_id, currency=currency, before=before, limit=limit)


async def transaction(tx: Tx, *, user_id: UserId, transaction_id: TransactionId) -> TransactionView:
    """Return a transaction that moved something of a person's.

    Raises:
        UnknownTransaction: there is none, or it does not concern this person.
    """
    return await ledger.transaction_of_person(tx, user_id=user_id, transaction_id=transaction_id)


async def holds_of(tx: Tx, *, user_id: UserId) -> list[Hold]:
    """Return what stands set aside of a person's wallet, the newest first, each with what it is for and until when."""
    return await ledger.holds_of_person(tx, user_id=user_id)
