"""The chart of accounts: kinds, names, balances."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from typing import Final

from vibestream.kernel.ids import AccountId, UserId
from vibestream.kernel.money import VIBE, Currency, Money


class AccountKind(enum.StrEnum):
    """What an account is for. The database's table of kinds says how each is kept."""

    WALLET = "wallet"
    """What a person can spend."""
    WALLET_PENDING = "wallet_pending"
    """What is on its way into a person's wallet."""
    REWARD_POOL = "reward_pool"
    """What is left of an epoch's reward budget."""
    ISSUANCE = "issuance"
    """Where a currency of our own comes from: its balance is what is outstanding, negated."""
    LIQUIDITY = "liquidity"
    """What the platform has of a currency to exchange with."""


PERSONAL: Final = frozenset({AccountKind.WALLET, AccountKind.WALLET_PENDING})
"""Kinds of which each account belongs to one person, whose id is its subject."""


@dataclass(frozen=True, slots=True)
class AccountName:
    """Which account: a kind, what or whom it is about, and one currency. Names exactly one account."""

    kind: AccountKind
    subject: str
    currency: Currency

    def __str__(self) -> str:
        return ":".join(filter(None, (self.kind.value, self.subject, self.currency.code)))


def wallet(*, user_id: UserId, currency: Currency) -> AccountName:
    """Return the name of what a person can spend of a currency."""
    return AccountName(AccountKind.WALLET, str(user_id), currency)


def wallet_pending(*, user_id: UserId, currency: Currency) -> AccountName:
    """Return the name of what is on its way into a person's wallet."""
    return AccountName(AccountKind.WALLET_PENDING, str(user_id), currency)


def reward_pool(*, epoch: date) -> AccountName:
    """Return the name of an epoch's reward budget."""
    return AccountName(AccountKind.REWARD_POOL, epoch.isoformat(), VIBE)


def issuance(*, currency: Currency) -> AccountName:
    """Return the name of the source of a currency of our own."""
    return AccountName(AccountKind.ISSUANCE, "", currency)


def liquidity(*, currency: Currency) -> AccountName:
    """Return the name of what the platform exchanges a currency with."""
    return AccountName(AccountKind.LIQUIDITY, "", currency)


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds. On a guarded account `available` is never negative."""

    account_id: AccountId
    name: AccountName
    posted: Money
    """The sum of its entries."""
    held: Money
    """The sum of the holds that stand."""

    @property
    def available(self) -> Money:
        """What can be spent: posted less held."""
        return self.posted - self.held
