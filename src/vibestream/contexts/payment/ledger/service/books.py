"""Reading the books, and the snapshots that keep reading cheap."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from vibestream.contexts.payment.ledger.domain import books
from vibestream.contexts.payment.ledger.domain.accounts import PERSONAL, WALLET_KINDS, AccountKind, Balance
from vibestream.contexts.payment.ledger.domain.books import MonthSum, StatementLine, TransactionView, TrialBalance
from vibestream.contexts.payment.ledger.domain.postings import UnknownAccount, UnknownTransaction
from vibestream.contexts.payment.ledger.store import accounts as account_store
from vibestream.contexts.payment.ledger.store import books as store
from vibestream.contexts.payment.ledger.store import months
from vibestream.kernel.ids import AccountId, TransactionId, UserId
from vibestream.kernel.money import Currency
from vibestream.platform.database import Tx

SNAPSHOT_ENTRIES = 1_000
"""How many new entries an append-only account gathers before its next snapshot; bounds what a reader adds up."""


async def balance_of(tx: Tx, *, account_id: AccountId) -> Balance:
    """Return what an account holds now; holds whose time is over count no more.

    Raises:
        UnknownAccount: there is no such account.
    """
    balance = await account_store.load_balance(tx, account_id)
    if balance is None:
        raise UnknownAccount(account_id=account_id)
    return balance


async def balances_of_person(
    tx: Tx, *, user_id: UserId, kinds: Collection[AccountKind] = WALLET_KINDS
) -> list[Balance]:
    """Return what each of a person's accounts holds now, by currency; empty for somebody who never had any.

    Args:
        tx: the caller's transaction.
        user_id: whose accounts.
        kinds: which of them; those of the wallet unless told.
    """
    return await account_store.list_balances_of_person(tx, user_id, kinds=kinds)


async def statement(
    tx: Tx,
    *,
    user_id: UserId,
    kinds: Collection[AccountKind] = WALLET_KINDS,
    currency: Currency | None = None,
    before: int | None = None,
    limit: int,
) -> list[StatementLine]:
    """Return up to `limit` lines of a person's accounts, the newest first, each with its whole transaction.

    Args:
        tx: the caller's transaction.
        user_id: whose accounts.
        kinds: which of them; those of the wallet unless told.
        currency: only this one; None: all.
        before: only lines below this position: that of the last line seen.
        limit: how many at most.
    """
    return await store.list_lines(tx, user_id=user_id, kinds=kinds, currency=currency, before=before, limit=limit)


async def months_of_person(tx: Tx, *, user_id: UserId, since: datetime, until: datetime) -> list[MonthSum]:
    """Return what all of a person's accounts together gained and lost in a half-open stretch of time, by month and kind.

    What moves between two accounts of theirs is neither. Months are those of UTC.
    """
    return await months.list_months(tx, user_id=user_id, kinds=PERSONAL, since=since, until=until)


async def transaction_of_person(tx: Tx, *, user_id: UserId, transaction_id: TransactionId) -> TransactionView:
    """Return a transaction that touches one of a person's accounts, as the person may see it.

    Raises:
        UnknownTransaction: there is none, or it does not concern this person.
    """
    found = (await store.list_transactions(tx, {transaction_id}, user_id=user_id)).get(transaction_id)
    if found is None or not any(leg.own for leg in found.legs):
        raise UnknownTransaction("There is no such transaction.")
    return found


async def trial_balance(tx: Tx) -> TrialBalance:
    """Return all balances at one instant and, per currency, the two sides of the books, which are equal."""
    return books.trial_balance(await store.list_trial_rows(tx))


async def take_snapshots(tx: Tx, *, least_entries: int = SNAPSHOT_ENTRIES) -> int:
    """Take a snapshot of each append-only account with so many settled entries since its last, and return how many.

    Called again and again, each time first in a transaction of its own: one call marks how far entries were given out,
    a later one, when all those are settled, sums them up.
    """
    return await store.take_snapshots(tx, least_entries=least_entries)
