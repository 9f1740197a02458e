"""What Stripe accepts as an amount of a currency.

Source: docs.stripe.com/currencies: minor units; zero-decimal currencies are in whole units; three-decimal ones end in 0; 50
cents at least (or what is near it); at most eight digits.
"""

from __future__ import annotations

from typing import Final

from vibestream.kernel.money import Currency, UnknownCurrency
from vibestream.sandbox.gateways.stripe.errors import StripeError

_MOST: Final = 99_999_999
_LEAST: Final = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "krw": 500, "clp": 400, "kwd": 150, "tnd": 1_500}
_LEAST_ELSE: Final = 50
_NOT_HERE: Final = frozenset({"usdc", "vibe"})
_THREE: Final = 3


def check_amount(amount: int, currency: str) -> None:
    """Return when Stripe would take this amount.

    Raises:
        StripeError: the currency is not one of Stripe's, the amount too small, too large, or not expressible.
    """
    check_currency(currency)
    least = _LEAST.get(currency, _LEAST_ELSE)
    if amount < 1:
        raise StripeError(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if amount > _MOST:
        raise StripeError(f"Amount must be no more than {_MOST}.", code="amount_too_large", param="amount")
    if amount < least:
        raise StripeError(
            "The Checkout Session's or PaymentIntent's total amount must convert to at least 50 cents.",
            code="amount_too_small",
            param="amount",
        )
    if Currency.of(currency.upper()).exponent == _THREE and amount % 10:
        raise StripeError(f"Amounts in {currency} must end in 0.", code="parameter_invalid_integer", param="amount")


def check_currency(currency: str) -> None:
    """Return when the currency is one of Stripe's, written as Stripe writes it.

    Raises:
        StripeError: it is not.
    """
    try:
        Currency.of(currency.upper())
    except UnknownCurrency:
        known = False
    else:
        known = currency == currency.lower() and currency not in _NOT_HERE
    if not known:
        raise StripeError(f"Invalid currency: {currency}. Stripe currently supports others.", param="currency")
