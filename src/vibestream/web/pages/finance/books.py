"""The books: the trial balance as of an instant, accounts, every entry with its postings, transactions with their proofs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import (
    PERSONAL,
    AccountKind,
    AccountName,
    Balance,
    Basis,
    LedgerTransaction,
    TrialRow,
    TrialTotal,
)
from vibestream.contexts.payment.seal import service as seal
from vibestream.contexts.payment.seal.service import Head, NotSealedYet
from vibestream.kernel.ids import AccountId, TransactionId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.http.dependencies import TxDep
from vibestream.platform.http.pagination import PagingDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.shown import FINANCE, LegRow, Listed, Names, TransactionRow
from vibestream.web.pages.forms import see_other
from vibestream.web.rendering import render, shell_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/books"
_FOUND: Final = 50
_LEAST_KEY: Final = 3
Asked = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What accounts of a kind hold: a platform account by itself, people's summed."""

    kind: str
    title: str
    about: str
    row: TrialRow


@dataclass(frozen=True, slots=True)
class BooksView:
    """The trial balance."""

    lines: tuple[TrialLine, ...]
    totals: tuple[TrialTotal, ...]
    at: str
    """The last day that is counted; empty: now."""
    basis: str
    trouble: bool
    """The day was not understood, and now is shown."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account and what it holds."""

    account_id: UUID
    kind: str
    title: str
    about: str
    subject: str
    posted: Money
    held: Money
    available: Money


@dataclass(frozen=True, slots=True)
class AccountsView:
    """Accounts by kind."""

    accounts: Listed[AccountRow]
    kind: str
    subject: str
    kinds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry of an account, with the whole transaction behind it."""

    position: int
    amount: Money
    balance_after: Money | None
    transaction: TransactionRow


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account."""

    account: AccountRow
    entries: Listed[EntryRow]


@dataclass(frozen=True, slots=True)
class TransactionView:
    """One transaction with all its postings, page by page."""

    row: TransactionRow
    found: LedgerTransaction
    legs: Listed[LegRow]
    details: tuple[tuple[str, str], ...]
    sealed: bool


@dataclass(frozen=True, slots=True)
class SearchView:
    """Transactions by how their key begins."""

    key: str
    rows: tuple[TransactionRow, ...]
    too_short: bool


@dataclass(frozen=True, slots=True)
class SealsView:
    """The seals."""

    seals: Listed[Head]


@router.get(_PATH, policy=FINANCE)
async def show_trial_balance(request: Request, tx: TxDep, at: Asked = "", basis: Asked = "") -> Response:
    """Show all balances, now or as they stood at the end of a day, and that both sides are equal."""
    spoken = shell_of(request).language
    until = _end_of(at)
    by = Basis(basis) if basis in set(Basis) else Basis.RECORDED
    found = await (ledger.trial_balance(tx) if until is None else ledger.trial_balance_at(tx, at=until, basis=by))
    names = await shown.names_of(tx, [])
    view = BooksView(
        lines=tuple(_line(row, names, spoken) for row in found.rows if row.minor or row.accounts),
        totals=found.totals,
        at=at if until else "",
        basis=by.value,
        trouble=bool(at) and until is None,
    )
    return render(request, "finance/books.html", view)


@router.get(f"{_PATH}/accounts", policy=FINANCE)
async def list_accounts(
    *, request: Request, tx: TxDep, paging: PagingDep, kind: Asked = "", subject: Asked = ""
) -> Response:
    """Show accounts with what they hold now, by kind, subject and currency."""
    spoken = shell_of(request).language
    after = paging.after_values(str, str, str)
    wanted = AccountKind(kind) if kind in set(AccountKind) else None
    found = await ledger.accounts(
        tx,
        kind=wanted,
        subject=subject.strip() or None,
        after=None if after is None else AccountName(AccountKind(after[0]), after[1], Currency.of(after[2])),
        limit=paging.fetch,
    )
    owners = [shown.as_uuid(one.name.subject) for one in found if one.name.kind in PERSONAL]
    names = await shown.names_of(tx, owners)
    view = AccountsView(
        accounts=shown.listed(
            paging,
            found,
            item=lambda one: _account(one, names, spoken),
            position=lambda one: (one.name.kind.value, one.name.subject, one.name.currency.code),
            path=f"{_PATH}/accounts",
            kind=kind,
            subject=subject.strip(),
        ),
        kind=wanted.value if wanted else "",
        subject=subject.strip(),
        kinds=tuple((one.value, spoken.gettext(words.ACCOUNTS[one])) for one in AccountKind),
    )
    return render(request, "finance/accounts.html", view)


@router.get(f"{_PATH}/accounts/{{account_id}}", policy=FINANCE)
async def show_account(request: Request, tx: TxDep, paging: PagingDep, account_id: UUID) -> Response:
    """Show one account's entries, the newest first; each opens to the postings of its transaction."""
    spoken = shell_of(request).language
    after = paging.after_values(int)
    account = await ledger.balance_of(tx, account_id=AccountId(account_id))
    found = await ledger.account_entries(
        tx, account_id=account.account_id, before=None if after is None else after[0], limit=paging.fetch
    )
    owner = shown.as_uuid(account.name.subject) if account.name.kind in PERSONAL else None
    names = await shown.names_of(tx, [owner])
    rows = await shown.transactions(tx, [one.transaction for one in found], spoken)
    entries = [EntryRow(one.position, one.amount, one.balance_after, row) for one, row in zip(found, rows, strict=True)]
    view = AccountView(
        account=_account(account, names, spoken),
        entries=shown.listed(
            paging,
            entries,
            item=lambda one: one,
            position=lambda one: (one.position,),
            path=f"{_PATH}/accounts/{account_id}",
        ),
    )
    return render(request, "finance/account.html", view)


@router.get(f"{_PATH}/transactions", policy=FINANCE)
async def find_transactions(request: Request, tx: TxDep, key: Asked = "") -> Response:
    """Show transactions whose key begins so; an id leads to its transaction."""
    wanted = key.strip()
    identity = shown.as_uuid(wanted)
    if identity is not None:
        return see_other(f"{_PATH}/transactions/{identity}")
    long_enough = len(wanted) >= _LEAST_KEY
    found = await ledger.transactions_by_key(tx, prefix=wanted, limit=_FOUND) if long_enough else []
    rows = await shown.transactions(tx, found, shell_of(request).language)
    view = SearchView(wanted, tuple(rows), too_short=bool(wanted) and not long_enough)
    return render(request, "finance/transactions.html", view)


@router.get(f"{_PATH}/transactions/{{transaction_id}}", policy=FINANCE)
async def show_transaction(request: Request, tx: TxDep, paging: PagingDep, transaction_id: UUID) -> Response:
    """Show one transaction with all its postings, and whether it is sealed."""
    spoken = shell_of(request).language
    after = paging.after_values(int)
    found = await ledger.transaction(tx, transaction_id=TransactionId(transaction_id))
    legs = await ledger.transaction_legs(
        tx, transaction_id=found.transaction_id, after=0 if after is None else after[0], limit=paging.fetch
    )
    names = await shown.names_of(tx, [shown.as_uuid(one.account.subject) for one in legs])
    view = TransactionView(
        row=shown.transaction(found, names, spoken),
        found=found,
        legs=shown.listed(
            paging,
            legs,
            item=lambda one: shown.leg(one, names, spoken),
            position=lambda one: (one.line,),
            path=f"{_PATH}/transactions/{transaction_id}",
        ),
        details=tuple(sorted(found.details.items())),
        sealed=bool(await seal.prove(tx, transaction_ids=[found.transaction_id])),
    )
    return render(request, "finance/transaction.html", view)


@router.get(f"{_PATH}/transactions/{{transaction_id}}/proof.json", policy=FINANCE)
async def download_proof(tx: TxDep, transaction_id: UUID) -> Response:
    """Return the proof that a transaction is in the sealed books, as a file that verifies offline."""
    found = await ledger.transaction(tx, transaction_id=TransactionId(transaction_id))
    proofs = await seal.prove(tx, transaction_ids=[found.transaction_id])
    if found.transaction_id not in proofs:
        raise NotSealedYet("The transaction is not sealed yet. Try again in half a minute.")
    text = json.dumps(proofs[found.transaction_id].to_json(), indent=2, ensure_ascii=False) + "\n"
    return Response(
        text.encode(),
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="transaction-{transaction_id}-proof.json"',
            "Cache-Control": "private, no-store",
        },
    )


@router.get(f"{_PATH}/seals", policy=FINANCE)
async def list_seals(request: Request, tx: TxDep, paging: PagingDep) -> Response:
    """Show the seals, the newest first."""
    after = paging.after_values(int)
    found = await seal.heads(tx, below=None if after is None else after[0], limit=paging.fetch)
    rows = shown.listed(paging, found, item=lambda one: one, position=lambda one: (one.number,), path=f"{_PATH}/seals")
    return render(request, "finance/seals.html", SealsView(rows))


def _line(row: TrialRow, names: Names, spoken: Language) -> TrialLine:
    if row.accounts == 1 and row.subject:
        title, about = shown.account_of(AccountName(row.kind, row.subject, row.currency), names, spoken)
    else:
        title, about = spoken.gettext(words.ACCOUNTS[row.kind]), ""
    return TrialLine(row.kind.value, title, about, row)


def _account(one: Balance, names: Names, spoken: Language) -> AccountRow:
    title, about = shown.account_of(one.name, names, spoken)
    return AccountRow(
        account_id=one.account_id,
        kind=one.name.kind.value,
        title=title,
        about=about,
        subject=one.name.subject,
        posted=one.posted,
        held=one.held,
        available=one.available,
    )


def _end_of(day: str) -> datetime | None:
    """Return the end of a day, in UTC; None for no day or what is none."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), tzinfo=UTC) + timedelta(days=1) if day else None
    except (ValueError, OverflowError):
        return None
