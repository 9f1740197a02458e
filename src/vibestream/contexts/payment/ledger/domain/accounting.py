"""The books as those who keep them read: every account, every leg under its account's own name."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.payment.ledger.domain.accounts import AccountName
from vibestream.kernel.ids import AccountId, TransactionId
from vibestream.kernel.money import Money


class Basis(enum.StrEnum):
    """By which instant a transaction counts as before another one."""

    RECORDED = "recorded"
    """When it was written in the books. What the books said at a past instant never changes: late facts come later."""
    EFFECTIVE = "effective"
    """When the fact happened, as far as is known now. A fact that is learned late changes what was."""


@dataclass(frozen=True, slots=True)
class AccountLeg:
    """One leg of a transaction, with the account that it is on."""

    line: int
    """Its place in the transaction, from 1."""
    account_id: AccountId
    account: AccountName
    amount: Money
    balance_after: Money | None
    """None on an append-only account."""


@dataclass(frozen=True, slots=True)
class LedgerTransaction:
    """A transaction with its legs. Of one with very many legs the first are shown."""

    transaction_id: TransactionId
    key: str
    """The fact that it records."""
    kind: str
    details: Mapping[str, str]
    reverses: TransactionId | None
    reversed_by: TransactionId | None
    effective_at: datetime
    recorded_at: datetime
    leg_count: int
    legs: tuple[AccountLeg, ...]


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """One entry of an account, with the whole transaction behind it."""

    position: int
    """Orders the entries and never changes."""
    line: int
    amount: Money
    balance_after: Money | None
    transaction: LedgerTransaction
