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
    POOL_SOURCE = "pool_source"
    """By name: points that somebody set aside for reward pools, and nobody can spend otherwise."""
    CLAIM_WALLET = "claim_wallet"
    """By address: what was paid to whoever showed a proof, and never said who they are."""
    ISSUANCE = "issuance"
    """Where a currency of our own comes from: its balance is what is outstanding, negated."""
    LIQUIDITY = "liquidity"
    """What the platform has of a currency to exchange with."""
    EXCHANGE_RESERVE = "exchange_reserve"
    """What the platform can give of a currency in exchange for others; never below zero."""
    REDEEMED = "redeemed"
    """Points that came back for money: what was issued and is no longer outstanding."""
    POINTS_LIABILITY = "points_liability"
    """Money set aside for points that may still come back."""

    GATEWAY_CLEARING = "gateway_clearing"
    """By gateway: what it took in for us and has not settled, negated; on its way out, positive."""
    GATEWAY_FEES = "gateway_fees"
    """By gateway: what its work has cost, negated."""
    PAYMENT_ESCROW = "payment_escrow"
    """By payment: what was captured for it and has not gone where it was meant for."""
    DISPUTES = "disputes"
    """By gateway: what it took back while a dispute is open, negated."""
    CHARGEBACK_LOSSES = "chargeback_losses"
    """By gateway: what lost disputes and refunds nobody here asked for have cost, negated."""
    SUSPENSE = "suspense"
    """By gateway: what its books hold and nobody could explain yet."""

    DEFERRED_REVENUE = "deferred_revenue"
    """By month: what subscribers have paid for that month before it was over."""
    PLATFORM_REVENUE = "platform_revenue"
    """By source, such as subscriptions: what the platform has earned."""

    ROYALTY_POOL = "royalty_pool"
    """By month: what is to be shared among those who were heard in it."""
    UNALLOCATED_ROYALTIES = "unallocated_royalties"
    """By month: royalties for which nobody to pay is known yet."""
    ROYALTIES_PENDING = "royalties_pending"
    """What a payee has earned and may still be corrected or disputed."""
    ROYALTIES_AVAILABLE = "royalties_available"
    """What a payee can have paid out."""
    ADVANCES = "advances"
    """What was advanced to a payee and not yet recouped, negated."""
    PAYEE_DEBT = "payee_debt"
    """What a payee was given too much and is carried forward, negated."""
    PAYOUT_IN_TRANSIT = "payout_in_transit"
    """What left a payee's balance and has not reported its arrival."""
    WITHHOLDING_TAX = "withholding_tax"
    """By country: what was kept of royalties for its tax office."""


WALLET_KINDS: Final = frozenset({AccountKind.WALLET, AccountKind.WALLET_PENDING})
"""What a person's wallet consists of."""
EARNING_KINDS: Final = frozenset(
    {
        AccountKind.ROYALTIES_PENDING,
        AccountKind.ROYALTIES_AVAILABLE,
        AccountKind.ADVANCES,
        AccountKind.PAYEE_DEBT,
        AccountKind.PAYOUT_IN_TRANSIT,
    }
)
"""What a payee's earnings consist of."""
PERSONAL: Final = WALLET_KINDS | EARNING_KINDS
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


def claim_wallet(*, address: str) -> AccountName:
    """Return the name of a pseudonymous wallet for points."""
    return AccountName(AccountKind.CLAIM_WALLET, address, VIBE)


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
