"""What people type into the console's forms, read."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.money import Currency, Money


class AmountUnreadable(InvalidInput):
    """The text is not an amount of the currency."""

    code: ClassVar[str] = "finance.amount_unreadable"

    def __init__(self, *, currency: Currency) -> None:
        super().__init__(f"Write a plain amount such as 12.50, with at most {currency.exponent} decimals.")
        self.currency = currency.code
        self.decimals = currency.exponent


class FormBroken(InvalidInput):
    """The form lacks what the page put into it."""

    code: ClassVar[str] = "finance.form_broken"


class ReasonMissing(InvalidInput):
    """Something is refused without a word of why."""

    code: ClassVar[str] = "finance.reason_missing"


def money_of(text: str, currency: Currency) -> Money:
    """Return an amount as it was typed: digits, and a point or a comma before the decimals. Nothing is rounded.

    Raises:
        AmountUnreadable: it is none, or has more decimals than the currency.
    """
    plain = text.strip()
    if "." not in plain and plain.count(",") == 1:
        plain = plain.replace(",", ".")
    try:
        return Money.parse(plain, currency)
    except InvalidInput:
        raise AmountUnreadable(currency=currency) from None


def key_of(text: str) -> str:
    """Return the key that a page made for its form, so that the form counts once.

    Raises:
        FormBroken: it is not there, or is none of ours.
    """
    try:
        return str(UUID(text))
    except ValueError:
        raise FormBroken("The form did not arrive whole. Load the page again and repeat your change.") from None
