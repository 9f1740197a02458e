"""Amounts as PayPal writes them: decimal text with a currency, without decimals for a few.

Source: developer.paypal.com/api/rest/reference/currency-codes. Fees as published for the United States: 3.49 % and 49 cents for a
checkout, 25 cents for a payout.
"""

from __future__ import annotations

from typing import Any, Final

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.money import Currency, Money, divide_half_even
from vibestream.sandbox.gateways.paypal.errors import unprocessable

_CURRENCIES: Final = frozenset(
    ("AUD", "BRL", "CAD", "CHF", "DKK", "EUR", "GBP", "JPY", "MXN", "NOK", "NZD", "PLN", "SEK", "USD")
)
"""PayPal's, as far as VibeStream knows them too."""
_MOST_DIGITS: Final = 10
_RATE_BP: Final = 349
_FIXED: Final = 49
_PAYOUT_FEE: Final = 25


def read(value: Any, *, code: str = "currency_code", field: str = "/amount") -> Money:
    """Return an amount that is to be paid.

    Raises:
        PayPalError: the currency is not PayPal's, there are too many decimals, or nothing is left to pay.
    """
    currency, text = value[code], value["value"]
    if currency not in _CURRENCIES:
        raise unprocessable(
            "CURRENCY_NOT_SUPPORTED", "Currency code is not currently supported.", field=f"{field}/{code}"
        )
    known = Currency.of(currency)
    try:
        amount = Money.parse(text, known)
    except InvalidInput:
        issue = "DECIMAL_PRECISION" if known.exponent else "DECIMALS_NOT_SUPPORTED"
        raise unprocessable(
            issue, "The amount has too many decimals for its currency.", field=f"{field}/value"
        ) from None
    if amount.minor <= 0:
        raise unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", "Must be greater than zero.", field=f"{field}/value")
    if len(str(amount.minor)) > _MOST_DIGITS:
        raise unprocessable("MAX_VALUE_EXCEEDED", "Should be less than or equal to 9999999.99.", field=f"{field}/value")
    return amount


def money(minor: int, currency: str, *, code: str = "currency_code") -> dict[str, str]:
    """Return minor units as PayPal writes them."""
    return {code: currency, "value": Money(minor, Currency.of(currency)).decimal}


def minor_of(value: dict[str, str], *, code: str = "currency_code") -> int:
    """Return the minor units of an amount that the stand-in wrote."""
    return Money.parse(value["value"], Currency.of(value[code])).minor


def fee_of(minor: int, currency: str) -> int:
    """Return what PayPal keeps of a payment."""
    whole = Currency.of(currency).exponent == 0
    return min(minor, divide_half_even(minor * _RATE_BP, 10_000) + (_FIXED if not whole else 40))


def payout_fee(currency: str) -> int:
    """Return what PayPal takes for a payout, beside its amount."""
    return _PAYOUT_FEE if Currency.of(currency).exponent else _PAYOUT_FEE + 5
