"""HTTP for those who keep the books: accounts, entries, transactions, the trial balance. Amounts are exact decimals as text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field

from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.service import (
    AccountEntry,
    AccountKind,
    AccountLeg,
    AccountName,
    Balance,
    Basis,
    LedgerTransaction,
)
from vibestream.kernel.ids import AccountId, TransactionId
from vibestream.kernel.money import Currency, decimal_text
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["finance"])

_FINANCE = holds("finance")
CurrencyCode = Annotated[str | None, Query(max_length=5)]


class TrialRowBody(BaseModel):
    """What accounts of one kind hold: a platform account by itself, people's summed."""

    kind: AccountKind
    subject: str
    currency: str
    accounts: int
    balance: str


class TrialTotalBody(BaseModel):
    """The two sides of the books in one currency."""

    currency: str
    credit: str
    debit: str
    difference: str = Field(description="Zero, or the books are broken.")


class TrialBalanceBody(BaseModel):
    """All balances that are not zero, at one instant."""

    rows: list[TrialRowBody]
    totals: list[TrialTotalBody]


class AccountBody(BaseModel):
    """An account and what it holds now."""

    account_id: UUID
    kind: AccountKind
    subject: str
    currency: str
    posted: str
    held: str = Field(description="Set aside by holds that stand.")
    available: str


class LegBody(BaseModel):
    """What one account gained, or gave when negative."""

    line: int
    account_id: UUID
    kind: AccountKind
    subject: str
    currency: str
    amount: str
    balance_after: str | None = Field(description="Null on an append-only account.")


class LedgerTransactionBody(BaseModel):
    """A transaction with its first legs; in each currency all of them sum to zero."""

    transaction_id: UUID
    key: str
    kind: str
    details: dict[str, str]
    reverses: UUID | None
    reversed_by: UUID | None
    effective_at: datetime
    recorded_at: datetime
    leg_count: int
    legs: list[LegBody]


class EntryBody(BaseModel):
    """One entry of an account, with the transaction behind it."""

    position: int
    line: int
    amount: str
    currency: str
    balance_after: str | None
    transaction: LedgerTransactionBody


class TransactionsBody(BaseModel):
    """Transactions whose keys begin as asked for."""

    items: list[LedgerTransactionBody]


@router.get("/api/v1/operations/ledger/trial-balance", policy=_FINANCE)
async def show_trial_balance(
    tx: TxDep,
    at: Annotated[AwareDatetime | None, Query(description="As it stood before this instant; unset: now.")] = None,
    basis: Annotated[
        Basis, Query(description="By when facts were recorded, or by when they took effect.")
    ] = Basis.RECORDED,
) -> TrialBalanceBody:
    """Return the trial balance, now or as of a past instant."""
    found = await (service.trial_balance(tx) if at is None else service.trial_balance_at(tx, at=at, basis=basis))
    return TrialBalanceBody(
        rows=[
            TrialRowBody(
                kind=row.kind,
                subject=row.subject,
                currency=row.currency.code,
                accounts=row.accounts,
                balance=decimal_text(row.minor, row.currency),
            )
            for row in found.rows
        ],
        totals=[
            TrialTotalBody(
                currency=total.currency.code,
                credit=decimal_text(total.credit, total.currency),
                debit=decimal_text(total.debit, total.currency),
                difference=decimal_text(total.difference, total.currency),
            )
            for total in found.totals
        ],
    )


@router.get("/api/v1/operations/ledger/accounts", policy=_FINANCE)
async def list_accounts(
    tx: TxDep,
    paging: PagingDep,
    kind: AccountKind | None = None,
    subject: Annotated[str | None, Query(max_length=100)] = None,
    currency: CurrencyCode = None,
) -> Page[AccountBody]:
    """Return accounts with what they hold, by kind, subject and currency."""
    after = paging.after_values(str, str, str)
    found = await service.accounts(
        tx,
        kind=kind,
        subject=subject,
        currency=None if currency is None else Currency.of(currency),
        after=None if after is None else AccountName(AccountKind(after[0]), after[1], Currency.of(after[2])),
        limit=paging.fetch,
    )
    return paging.page(
        found, item=_account, position=lambda one: (one.name.kind.value, one.name.subject, one.name.currency.code)
    )


@router.get("/api/v1/operations/ledger/accounts/{account_id}", policy=_FINANCE)
async def show_account(account_id: UUID, tx: TxDep) -> AccountBody:
    """Return one account."""
    return _account(await service.balance_of(tx, account_id=AccountId(account_id)))


@router.get("/api/v1/operations/ledger/accounts/{account_id}/entries", policy=_FINANCE)
async def list_entries(account_id: UUID, tx: TxDep, paging: PagingDep) -> Page[EntryBody]:
    """Return an account's entries, the newest first, each with the postings of its transaction."""
    after = paging.after_values(int)
    found = await service.account_entries(
        tx, account_id=AccountId(account_id), before=None if after is None else after[0], limit=paging.fetch
    )
    return paging.page(found, item=_entry, position=lambda entry: (entry.position,))


@router.get("/api/v1/operations/ledger/transactions", policy=_FINANCE)
async def find_transactions(
    tx: TxDep,
    key: Annotated[str, Query(min_length=3, max_length=200, description="How the keys begin, such as payment:<id>.")],
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> TransactionsBody:
    """Return transactions whose keys begin so, in the order of their keys."""
    found = await service.transactions_by_key(tx, prefix=key, limit=limit)
    return TransactionsBody(items=[_transaction(one) for one in found])


@router.get("/api/v1/operations/ledger/transactions/{transaction_id}", policy=_FINANCE)
async def show_ledger_transaction(transaction_id: UUID, tx: TxDep) -> LedgerTransactionBody:
    """Return one transaction with its first legs."""
    return _transaction(await service.transaction(tx, transaction_id=TransactionId(transaction_id)))


@router.get("/api/v1/operations/ledger/transactions/{transaction_id}/legs", policy=_FINANCE)
async def list_legs(transaction_id: UUID, tx: TxDep, paging: PagingDep) -> Page[LegBody]:
    """Return all legs of a transaction, page by page."""
    after = paging.after_values(int)
    found = await service.transaction_legs(
        tx, transaction_id=TransactionId(transaction_id), after=0 if after is None else after[0], limit=paging.fetch
    )
    return paging.page(found, item=_leg, position=lambda leg: (leg.line,))


def _account(balance: Balance) -> AccountBody:
    return AccountBody(
        account_id=balance.account_id,
        kind=balance.name.kind,
        subject=balance.name.subject,
        currency=balance.name.currency.code,
        posted=balance.posted.decimal,
        held=balance.held.decimal,
        available=balance.available.decimal,
    )


def _entry(entry: AccountEntry) -> EntryBody:
    return EntryBody(
        position=entry.position,
        line=entry.line,
        amount=entry.amount.decimal,
        currency=entry.amount.currency.code,
        balance_after=None if entry.balance_after is None else entry.balance_after.decimal,
        transaction=_transaction(entry.transaction),
    )


def _transaction(found: LedgerTransaction) -> LedgerTransactionBody:
    return LedgerTransactionBody(
        transaction_id=found.transaction_id,
        key=found.key,
        kind=found.kind,
        details=dict(found.details),
        reverses=found.reverses,
        reversed_by=found.reversed_by,
        effective_at=found.effective_at,
        recorded_at=found.recorded_at,
        leg_count=found.leg_count,
        legs=[_leg(leg) for leg in found.legs],
    )


def _leg(leg: AccountLeg) -> LegBody:
    return LegBody(
        line=leg.line,
        account_id=leg.account_id,
        kind=leg.account.kind,
        subject=leg.account.subject,
        currency=leg.account.currency.code,
        amount=leg.amount.decimal,
        balance_after=None if leg.balance_after is None else leg.balance_after.decimal,
    )
