"""The books as they are read: statement lines with the whole transaction behind them, and the trial balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from vibestream.contexts.payment.ledger.domain.accounts import AccountKind, AccountName
from vibestream.kernel.ids import AccountId, TransactionId
from vibestream.kernel.money import Currency, Money


@dataclass(frozen=True, slots=True)
class LegView:
    """One leg of a transaction, as one person may see it.

    The person's own accounts and the platform's are shown each by itself; those of other people are summed by kind,
    without saying whose they are, so that the legs still sum to zero in each currency.
    """

    kind: AccountKind
    subject: str
    """What the account is about; empty for other people's."""
    currency: Currency
    minor: int
    """What the account gained, in minor units; a sum over many people may be more than one account can hold."""
    own: bool
    accounts: int
    """How many legs it stands for; more than one only for other people's."""


@dataclass(frozen=True, slots=True)
class TransactionView:
    """A transaction, as one person may see it."""

    transaction_id: TransactionId
    kind: str
    details: Mapping[str, str]
    reverses: TransactionId | None
    effective_at: datetime
    """When the fact happened."""
    recorded_at: datetime
    """When it was written in the books."""
    legs: tuple[LegView, ...]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry on one of a person's accounts, with the transaction that it belongs to."""

    position: int
    """Orders the lines and never changes."""
    account_id: AccountId
    account: AccountName
    amount: Money
    balance_after: Money | None
    """None on an append-only account: nobody knows it at the time of posting."""
    transaction: TransactionView


@dataclass(frozen=True, slots=True)
class MonthSum:
    """What a person's accounts gained and lost in a month, by its first day, through transactions of one kind."""

    month: date
    kind: str
    gained: Money
    lost: Money


@dataclass(frozen=True, slots=True)
class TrialRow:
    """What accounts of one kind hold in one currency: a platform account by itself, people's summed by kind."""

    kind: AccountKind
    subject: str
    currency: Currency
    accounts: int
    minor: int
    """The balance in minor units; a sum over many accounts may be more than one can hold."""


@dataclass(frozen=True, slots=True)
class TrialTotal:
    """The two sides of the books in one currency."""

    currency: Currency
    credit: int
    """The sum of what accounts hold, in minor units."""
    debit: int
    """The sum of what accounts owe, in minor units, as a positive number."""

    @property
    def difference(self) -> int:
        """Credit less debit: zero, or the books are broken."""
        return self.credit - self.debit


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All balances at one instant."""

    rows: tuple[TrialRow, ...]
    totals: tuple[TrialTotal, ...]


def trial_balance(rows: Sequence[TrialRow]) -> TrialBalance:
    """Add up the two sides of the books in each currency."""
    currencies = sorted({row.currency for row in rows}, key=lambda currency: currency.code)
    totals = []
    for currency in currencies:
        balances = [row.minor for row in rows if row.currency == currency]
        credit = sum(balance for balance in balances if balance > 0)
        debit = -sum(balance for balance in balances if balance < 0)
        totals.append(TrialTotal(currency, credit, debit))
    return TrialBalance(tuple(rows), tuple(totals))
