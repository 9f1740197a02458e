"""What a person has, and what accounts and transactions are called when they read about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.money import VIBE, Currency, Money

_DECIMALS: Final = 2
"""Decimals that every gateway takes."""


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


class NotMoney(InvalidInput):
    """Points pay for nothing that is priced in money, and money for nothing that is priced in points."""

    code: ClassVar[str] = "wallet.not_money"

    def __init__(self) -> None:
        super().__init__("Points cannot be spent on this.")


class WalletTooLow(Conflict):
    """The wallet has less than the price, and the rest was not to be paid otherwise."""

    code: ClassVar[str] = "wallet.too_low"

    def __init__(self, *, price: Money, available: Money) -> None:
        super().__init__(f"Your wallet holds {available}, and this costs {price}. Top up, or pay the rest otherwise.")
        self.price = price.decimal
        self.available = available.decimal
        self.currency = price.currency.code


@dataclass(frozen=True, slots=True)
class SpendingPlan:
    """Who pays what of a price; together they pay it exactly."""

    from_wallet: Money
    from_gateway: Money


def chargeable(amount: Money) -> Money:
    """Return the largest amount, at most this one, that every gateway can express: hundredths of a currency's unit.

    Source: Coinbase Business Checkouts takes two decimals of USDC's six; Stripe takes amounts of three-decimal currencies
    in multiples of ten minor units.
    """
    step = 10 ** max(0, amount.currency.exponent - _DECIMALS)
    return Money(amount.minor - amount.minor % step, amount.currency)


def plan_spending(price: Money, *, available: Money, rest_by_gateway: bool, least_charge: Money) -> SpendingPlan:
    """Return the spending order of a price: the wallet of the same currency first, a gateway for the rest if asked.

    When the rest is less than a gateway takes, or has more decimals, the gateway takes a little more and the wallet keeps
    the difference; a price below that least is for the wallet alone.

    Args:
        price: positive, in money.
        available: what the wallet of the same currency has to spare.
        rest_by_gateway: the payer asked for it.
        least_charge: the smallest amount that gateways take.

    Raises:
        NotMoney: the price is in points.
        WalletTooLow: the wallet does not suffice, and the rest was not asked for or is too small to be charged.
        CurrencyMismatch: the wallet is in another currency.
    """
    if price.currency == VIBE:
        raise NotMoney
    if price <= available:
        return SpendingPlan(price, Money.zero(price.currency))
    if not rest_by_gateway or price < least_charge:
        raise WalletTooLow(price=price, available=available)
    rest = max(-chargeable(available - price), least_charge)  # rounded up: the negative is rounded down
    rest = min(rest, price)
    return SpendingPlan(price - rest, rest)


def _nothing(currency: Currency) -> WalletBalance:
    zero = Money.zero(currency)
    return WalletBalance(currency, zero, zero, zero)


_TITLES: Final = {
    "claim_order": "From a wallet without a name",
    "claim_return": "Unclaimed rewards gone back",
    "debt_settlement": "What was paid too much, taken back",
    "exchange": "Exchange",
    "given_up": "Given up",
    "payment_kept": "Payment kept for you",
    "payout": "Payout",
    "payout_arrived": "Payout arrived",
    "payout_back": "Payout came back",
    "payout_fee": "Fee of a payout",
    "payout_reopened": "Payout was sent after all",
    "points_cover": "Set aside for points",
    "points_expiry": "Points expired",
    "pool_funding": "Reward budget",
    "redemption": "Points redeemed",
    "refund_asked": "Refund",
    "reserve_funding": "Reserve for exchange",
    "reversal": "Reversal",
    "reward": "Reward for listening",
    "reward_claim": "Reward claimed by a proof",
    "royalty_advance": "Advance on royalties",
    "royalty_month_closed": "Month closed",
    "royalty_recall": "Royalties called back",
    "royalty_release": "Royalties became available",
    "royalty_run": "Royalties of a month",
    "subscription": "Subscription",
    "subscription_refund": "Unused rest of a subscription",
    "take_back": "Taken back by the payer's bank",
    "tip": "Tip",
    "tip_return": "Tip returned",
    "top_up": "Top-up",
}
# By kind of account: the reader's own, one of somebody else or of the platform, several of other people.
_LABELS: Final = {
    "advances": (
        "Advance to you, not yet recouped",
        "Advance to somebody else",
        "Advances to other people ({accounts})",
    ),
    "claim_wallet": ("A wallet without a name",) * 3,
    "chargeback_losses": ("Lost disputes at {subject}",) * 3,
    "deferred_revenue": ("Paid in advance for {subject}",) * 3,
    "disputes": ("Disputed at {subject}",) * 3,
    "exchange_reserve": ("VibeStream's reserve of {currency}",) * 3,
    "gateway_clearing": ("On its way through {subject}",) * 3,
    "gateway_fees": ("Fees of {subject}",) * 3,
    "issuance": ("Newly issued {currency}",) * 3,
    "liquidity": ("VibeStream's {currency} for exchange",) * 3,
    "payee_debt": (
        "Carried forward against you",
        "Carried forward against somebody else",
        "Carried forward against other people ({accounts})",
    ),
    "payment_escrow": ("Payment received",) * 3,
    "payout_in_transit": (
        "On its way to your bank",
        "On its way to somebody else's bank",
        "On its way to banks of other people ({accounts})",
    ),
    "platform_revenue": ("VibeStream's revenue: {subject}",) * 3,
    "pool_source": ("A source of rewards: {subject}",) * 3,
    "points_liability": ("Set aside for points",) * 3,
    "redeemed": ("Redeemed {currency}",) * 3,
    "reward_pool": ("Reward pool of {subject}",) * 3,
    "royalties_available": (
        "Your royalties",
        "Somebody else's royalties",
        "Royalties of other people ({accounts})",
    ),
    "royalties_pending": (
        "Your royalties, not yet available",
        "Somebody else's royalties, not yet available",
        "Royalties of other people, not yet available ({accounts})",
    ),
    "royalty_pool": ("Royalty pool of {subject}",) * 3,
    "suspense": ("Unexplained at {subject}",) * 3,
    "unallocated_royalties": ("Royalties of {subject} without a payee",) * 3,
    "wallet": (
        "Your wallet",
        "Somebody else's wallet",
        "Wallets of other people ({accounts})",
    ),
    "wallet_pending": (
        "On its way to your wallet",
        "On its way to somebody else's wallet",
        "On its way to wallets of other people ({accounts})",
    ),
    "withholding_tax": ("Tax withheld for {subject}",) * 3,
}
