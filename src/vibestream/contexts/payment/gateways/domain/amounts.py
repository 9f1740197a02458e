"""How each gateway writes an amount, and how its own is read back. Exact both ways, or refused.

A gateway's amount is never computed by floating point, and never guessed: what it cannot express is refused before it is
asked, and what it answers in a form of more decimals than the currency has is refused as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vibestream.contexts.payment.gateways.domain.port import GatewayName, UnsupportedAmount
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.money import Currency, Money

LARGEST_EXACT: Final = 2**53
"""Beyond it, a number in JSON is no longer exact in most of what reads it (RFC 8259, section 6)."""
STRIPE_LARGEST: Final = 99_999_999
"""Minor units: Stripe takes amounts of up to eight digits. Source: docs.stripe.com/currencies, minimum and maximum."""

STRIPE_ZERO_DECIMAL: Final = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)  # fmt: skip
"""Amounts are whole units. Source: docs.stripe.com/currencies, zero-decimal."""
STRIPE_THREE_DECIMAL: Final = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
"""Amounts are thousandths whose last digit is 0. Source: docs.stripe.com/currencies, three-decimal."""
STRIPE_AS_TWO_DECIMALS: Final = frozenset({"ISK", "UGX"})
"""Have no decimals any more, and are still written with two, which are 00. Source: same, special cases."""
STRIPE_WHOLE_PAYOUTS: Final = frozenset({"HUF", "TWD"})
"""Charged with two decimals, paid out in whole units only. Source: same, special cases."""

PAYPAL_CURRENCIES: Final = frozenset(
    ["AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"]
)  # fmt: skip
"""What a merchant anywhere can take. BRL, CNY and MYR are left out: within their own country only.
Source: developer.paypal.com/api/rest/reference/currency-codes."""
PAYPAL_WHOLE: Final = frozenset({"HUF", "JPY", "TWD"})
"""Decimals are refused. Source: same page."""

COINBASE_CURRENCY: Final = "USDC"
COINBASE_DECIMALS: Final = 2
"""Of the six that USDC has. Source: Checkouts API, `amount`: up to two decimals."""


def check(amount: Money) -> Money:
    """Return the amount as it is.

    Raises:
        UnsupportedAmount: nothing, less than nothing, or more than a gateway's JSON holds exactly.
    """
    if amount.minor <= 0:
        raise UnsupportedAmount(f"A gateway moves amounts above zero, not {amount}.")
    if amount.minor > LARGEST_EXACT:
        raise UnsupportedAmount("The amount is larger than a gateway can write exactly.")
    return amount


def to_stripe(amount: Money, *, payout: bool = False) -> int:
    """Return an amount as Stripe counts it.

    Raises:
        UnsupportedAmount: Stripe cannot express it.
    """
    units = amount.minor * _stripe_step(check(amount).currency)
    if amount.currency.code in STRIPE_THREE_DECIMAL and units % 10:
        raise UnsupportedAmount(f"Stripe takes {amount.currency.code} in steps of 0.010.")
    if payout and amount.currency.code in STRIPE_WHOLE_PAYOUTS and units % 100:
        raise UnsupportedAmount(f"Stripe pays {amount.currency.code} out in whole units.")
    if units > STRIPE_LARGEST:
        raise UnsupportedAmount("Stripe takes amounts of up to eight digits.")
    return units


def from_stripe(units: object, currency: object) -> Money:
    """Return what Stripe counts as money; may be zero or negative.

    Raises:
        UnsupportedAmount: not an integer, not a currency that we know, or not a whole number of its minor units.
    """
    if type(units) is not int:
        raise UnsupportedAmount("Stripe's amounts are integers.")
    known = _currency(str(currency).upper())
    step = _stripe_step(known)
    if units % step:
        raise UnsupportedAmount(f"{units} is not a whole number of the minor units of {known.code}.")
    return Money(units // step, known)


def to_paypal(amount: Money) -> str:
    """Return an amount as PayPal writes it, such as `12.50`, or `1250` for yen.

    Raises:
        UnsupportedAmount: PayPal cannot express it.
    """
    currency = check(amount).currency
    if currency.code not in PAYPAL_CURRENCIES:
        raise UnsupportedAmount(f"PayPal does not take {currency.code}.")
    if currency.code not in PAYPAL_WHOLE:
        return amount.decimal
    whole, rest = divmod(amount.minor, 10**currency.exponent)
    if rest:
        raise UnsupportedAmount(f"PayPal takes {currency.code} in whole units.")
    return str(whole)


def from_decimal(text: object, currency: object) -> Money:
    """Return a decimal text of PayPal or Coinbase as money; may be zero or negative.

    Further zeros are allowed (`1250.00` yen), further digits are not.

    Raises:
        UnsupportedAmount: not a plain decimal text, not a currency that we know, or finer than its minor unit.
    """
    known = _currency(str(currency))
    if not isinstance(text, str):
        raise UnsupportedAmount("The gateway's amounts are texts.")
    whole, point, fraction = text.partition(".")
    kept, further = fraction[: known.exponent], fraction[known.exponent :]
    if further.strip("0"):
        raise UnsupportedAmount(f"{text[:40]!r} is finer than the minor unit of {known.code}.")
    try:
        return Money.parse(f"{whole}.{kept}" if point and kept else whole, known)
    except InvalidInput:
        raise UnsupportedAmount(f"{text[:40]!r} is not a plain decimal amount.") from None


def to_coinbase(amount: Money) -> str:
    """Return an amount of USDC as Coinbase writes it, such as `12.50`.

    Raises:
        UnsupportedAmount: another currency, or finer than a hundredth.
    """
    currency = check(amount).currency
    if currency.code != COINBASE_CURRENCY:
        raise UnsupportedAmount(f"Coinbase settles {COINBASE_CURRENCY}, not {currency.code}.")
    hundredths, rest = divmod(amount.minor, 10 ** (currency.exponent - COINBASE_DECIMALS))
    if rest:
        raise UnsupportedAmount("Coinbase takes at most two decimals.")
    whole, fraction = divmod(hundredths, 10**COINBASE_DECIMALS)
    return f"{whole}.{fraction:0{COINBASE_DECIMALS}d}"


def expressible(name: GatewayName, amount: Money, *, payout: bool = False) -> bool:
    """Say whether a gateway can express an amount."""
    write: Mapping[GatewayName, Callable[[Money], object]] = {
        GatewayName.STRIPE: lambda one: to_stripe(one, payout=payout),
        GatewayName.PAYPAL: to_paypal,
        GatewayName.COINBASE: to_coinbase,
    }
    try:
        write[name](amount)
    except UnsupportedAmount:
        return False
    return True


def _stripe_step(currency: Currency) -> int:
    """Return how many of Stripe's units are one of our minor units.

    The tables are Stripe's, the exponents ISO's: where the two disagree about a currency that is in none of the special
    cases, the currency is refused rather than multiplied by a wrong power of ten.
    """
    code = currency.code
    whole = code in STRIPE_ZERO_DECIMAL or code in STRIPE_AS_TWO_DECIMALS
    decimals = 0 if whole else 3 if code in STRIPE_THREE_DECIMAL else 2
    if len(code) != 3 or currency.exponent != decimals:  # noqa: PLR2004 - ISO codes; USDC and VIBE are none
        raise UnsupportedAmount(f"Stripe does not take {code}.")
    return 100 if code in STRIPE_AS_TWO_DECIMALS else 1


def _currency(code: str) -> Currency:
    try:
        return Currency.of(code)
    except InvalidInput:
        raise UnsupportedAmount(f"{code[:10]!r} is not a currency here.") from None
