"""The books for those who keep them: accounts, entries with every posting behind them, balances of the past."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from vibestream.contexts.payment.ledger.domain import books
from vibestream.contexts.payment.ledger.domain.accounting import AccountEntry, AccountLeg, Basis, LedgerTransaction
from vibestream.contexts.payment.ledger.domain.accounts import AccountKind, AccountName, Balance
from vibestream.contexts.payment.ledger.domain.books import TrialBalance
from vibestream.contexts.payment.ledger.domain.postings import UnknownTransaction
from vibestream.contexts.payment.ledger.service.books import balance_of
from vibestream.contexts.payment.ledger.store import accounting as store
from vibestream.kernel.ids import AccountId, TransactionId
from vibestream.kernel.money import Currency
from vibestream.platform.database import Tx

LEGS_SHOWN: Final = 100
"""Legs that a transaction in a list is shown with; a royalty run has tens of thousands (`transaction_legs`)."""


async def accounts(
    tx: Tx,
    *,
    kind: AccountKind | None = None,
    subject: str | None = None,
    currency: Currency | None = None,
    after: AccountName | None = None,
    limit: int,
) -> list[Balance]:
    """Return up to `limit` accounts with what they hold now, by kind, subject and currency.

    Args:
        tx: the caller's transaction.
        kind: only of this kind.
        subject: only about this: a person's id, a month, a gateway.
        currency: only in this one.
        after: only those that come after this name: that of the last one seen.
        limit: how many at most.
    """
    return await store.list_accounts(tx, kind=kind, subject=subject, currency=currency, after=after, limit=limit)


async def account_entries(
    tx: Tx, *, account_id: AccountId, before: int | None = None, limit: int
) -> list[AccountEntry]:
    """Return up to `limit` entries of an account, the newest first, each with its transaction's first legs.

    `before` is a position: only entries below it.

    Raises:
        UnknownAccount: there is no such account.
    """
    await balance_of(tx, account_id=account_id)
    return await store.list_entries(tx, account_id, before=before, limit=limit, most_legs=LEGS_SHOWN)


async def transaction(tx: Tx, *, transaction_id: TransactionId) -> LedgerTransaction:
    """Return a transaction with its first legs, whomever it concerns.

    Raises:
        UnknownTransaction: there is none with this id.
    """
    found = (await store.list_transactions(tx, [transaction_id], most_legs=LEGS_SHOWN)).get(transaction_id)
    if found is None:
        raise UnknownTransaction("There is no such transaction.")
    return found


async def transaction_legs(tx: Tx, *, transaction_id: TransactionId, after: int = 0, limit: int) -> list[AccountLeg]:
    """Return up to `limit` legs of a transaction in the order of their lines, from the one after `after` on.

    Raises:
        UnknownTransaction: there is none with this id.
    """
    await transaction(tx, transaction_id=transaction_id)
    return await store.list_legs(tx, transaction_id, after=after, limit=limit)


async def transactions_by_key(tx: Tx, *, prefix: str, limit: int) -> list[LedgerTransaction]:
    """Return up to `limit` transactions whose keys begin so, such as `payment:<id>`, in the order of their keys."""
    found = await store.find_by_key(tx, prefix, limit=limit)
    behind = await store.list_transactions(tx, found, most_legs=LEGS_SHOWN)
    return [behind[transaction_id] for transaction_id in found]


async def trial_balance_at(tx: Tx, *, at: datetime, basis: Basis = Basis.RECORDED) -> TrialBalance:
    """Return all balances as they stood before an instant and, per currency, the two sides, which are equal.

    By what was recorded before it, a past instant's balances never change again: a month that is over is closed, and a
    fact that is learned late stands in the month in which it is recorded, with the day on which it took effect.
    """
    return books.trial_balance(await store.list_trial_rows_at(tx, at=at, basis=basis))
