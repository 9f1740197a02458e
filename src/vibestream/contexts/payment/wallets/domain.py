"""What a person has, and what accounts and transactions are called when they read about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from vibestream.kernel.money import VIBE, Currency, Money


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """What a person has of one currency."""

    currency: Currency
    available: Money
    """Can be spent now."""
    pending: Money
    """On its way in, cannot be spent yet."""
    held: Money
    """Set aside for something that was begun; part of neither of the others."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one account of a person holds."""

    pending: bool
    """The account is for what is on its way in."""
    posted: Money
    held: Money


def summarize(parts: Iterable[Part]) -> tuple[WalletBalance, ...]:
    """Return what a person has of each currency, by code; of VIBE always, because everybody can earn it."""
    balances = {VIBE: _nothing(VIBE)}
    for part in parts:
        currency = part.posted.currency
        so_far = balances.get(currency) or _nothing(currency)
        free = part.posted - part.held
        balances[currency] = WalletBalance(
            currency,
            available=so_far.available if part.pending else so_far.available + free,
            pending=so_far.pending + free if part.pending else so_far.pending,
            held=so_far.held + part.held,
        )
    return tuple(balances[currency] for currency in sorted(balances, key=lambda currency: currency.code))


def title_of(kind: str) -> str:
    """Return what a kind of transaction is called."""
    return _TITLES.get(kind) or kind.replace("_", " ").capitalize()


def label_of(kind: str, *, subject: str, currency: Currency, own: bool, accounts: int) -> str:
    """Return what an account, or so many accounts of other people together, is called."""
    mine, one, many = _LABELS.get(kind) or (kind.replace("_", " ").capitalize(),) * 3
    chosen = mine if own else one if accounts == 1 else many
    return chosen.format(subject=subject, currency=currency.code, accounts=accounts)


def _nothing(currency: Currency) -> WalletBalance:
    zero = Money.zero(currency)
    return WalletBalance(currency, zero, zero, zero)


_TITLES: Final = {
    "pool_funding": "Reward budget",
    "reversal": "Reversal",
    "reward": "Reward for listening",
}
# By kind of account: the reader's own, one of somebody else or of the platform, several of other people.
_LABELS: Final = {
    "issuance": ("Newly issued {currency}",) * 3,
    "liquidity": ("VibeStream's {currency} for exchange",) * 3,
    "reward_pool": ("Reward pool of {subject}",) * 3,
    "wallet": ("Your wallet", "Somebody else's wallet", "Wallets of other people ({accounts})"),
    "wallet_pending": (
        "On its way to your wallet",
        "On its way to somebody else's wallet",
        "On its way to wallets of other people ({accounts})",
    ),
}
