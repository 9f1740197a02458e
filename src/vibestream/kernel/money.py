"""Money as an integer of minor units with its currency, and the only arithmetic allowed on it.

Terms: a *minor unit* is the smallest unit of a currency (a cent, a yen, a point of VIBE). A *basis point* is one
ten-thousandth. Nothing here is a float, and nothing here uses the division operator: every amount that does not
divide evenly goes through `divide_half_even` (one amount) or `allocate` (one amount into parts that sum to it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from vibestream.kernel.errors import InvalidInput

BASIS_POINTS: Final = 10_000
"""Basis points in a whole."""

MAX_MINOR: Final = 2**63 - 1
"""The largest amount that a PostgreSQL bigint column holds."""


class UnknownCurrency(InvalidInput):
    """A currency code that the platform does not know."""

    code: ClassVar[str] = "money.unknown_currency"

    def __init__(self, *, currency: str) -> None:
        super().__init__(f"{currency!r} is not a currency here; use one of {', '.join(sorted(_EXPONENTS))}.")
        self.currency = currency


class CurrencyMismatch(InvalidInput):
    """Two amounts of different currencies met in one operation."""

    code: ClassVar[str] = "money.currency_mismatch"

    def __init__(self, *, left: str, right: str) -> None:
        super().__init__(f"An amount in {left} cannot be combined with one in {right}.")
        self.left = left
        self.right = right


class AmountOutOfRange(InvalidInput):
    """An amount that the ledger's 64-bit columns cannot hold."""

    code: ClassVar[str] = "money.amount_out_of_range"


class UnableToAllocate(InvalidInput):
    """Weights that cannot carry an amount: none, negative, or all zero."""

    code: ClassVar[str] = "money.unable_to_allocate"


# Exponents: ISO 4217 (list one, 2024-06) for the fiat currencies; USDC has six decimals on every chain that Circle
# issues it on; VIBE, the reward point, has four, so that a single listen can earn less than one whole point.
_EXPONENTS: Final[dict[str, int]] = {
    "AUD": 2,
    "BRL": 2,
    "CAD": 2,
    "CHF": 2,
    "CLP": 0,
    "COP": 2,
    "DKK": 2,
    "EUR": 2,
    "GBP": 2,
    "INR": 2,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "MXN": 2,
    "NOK": 2,
    "NZD": 2,
    "PLN": 2,
    "SEK": 2,
    "TND": 3,
    "USD": 2,
    "USDC": 6,
    "VIBE": 4,
}


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency: its code and its exponent (how many decimals the minor unit has)."""

    code: str
    exponent: int

    @classmethod
    def of(cls, code: str) -> Self:
        """Return the currency with this code.

        Raises:
            UnknownCurrency: the platform does not know the code.
        """
        try:
            return cls(code, _EXPONENTS[code])
        except KeyError:
            raise UnknownCurrency(currency=code) from None

    @classmethod
    def all(cls) -> tuple[Self, ...]:
        """Return every currency that the platform knows, ordered by code."""
        return tuple(cls(code, exponent) for code, exponent in sorted(_EXPONENTS.items()))


VIBE: Final = Currency.of("VIBE")
USD: Final = Currency.of("USD")
EUR: Final = Currency.of("EUR")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency. May be negative: a debit is the negative of a credit.

    Raises:
        AmountOutOfRange: the amount does not fit the ledger's 64-bit columns.
        TypeError: `minor` is not an int (a bool or a float would lose or invent value).
    """

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            msg = f"minor units are an int, not {type(self.minor).__name__}"
            raise TypeError(msg)
        if abs(self.minor) > MAX_MINOR:
            msg = "The amount is larger than the ledger can hold."
            raise AmountOutOfRange(msg)

    @classmethod
    def zero(cls, currency: Currency) -> Self:
        """Return nothing of a currency."""
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: Currency) -> Self:
        """Read a plain decimal such as `12.50` exactly, without rounding.

        Raises:
            InvalidInput: not a plain decimal, or more decimals than the currency has.
        """
        sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
        whole, point, fraction = digits.partition(".")
        if not (digits.isascii() and whole.isdigit() and (fraction.isdigit() or not point)):
            msg = f"{text!r} is not a plain decimal amount such as 12.50."
            raise InvalidInput(msg)
        if len(fraction) > currency.exponent:
            msg = f"{currency.code} has {currency.exponent} decimals; {text!r} has more."
            raise InvalidInput(msg)
        return cls(sign * int(whole + fraction.ljust(currency.exponent, "0")), currency)

    def __str__(self) -> str:
        """Write the plain decimal with its currency, such as `12.50 USD`; pages format by locale instead."""
        return f"{self.decimal} {self.currency.code}"

    @property
    def decimal(self) -> str:
        """The exact plain decimal, such as `-0.05`; the form every API response carries."""
        return decimal_text(self.minor, self.currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def times(self, count: int) -> Money:
        """Return the amount taken `count` times."""
        return Money(self.minor * count, self.currency)

    def share(self, *, rate_bp: int) -> Money:
        """Return `rate_bp` basis points of the amount, rounded half to even."""
        return Money(divide_half_even(self.minor * rate_bp, BASIS_POINTS), self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(left=self.currency.code, right=other.currency.code)


def decimal_text(minor: int, currency: Currency) -> str:
    """Return minor units as an exact plain decimal, such as `-0.05`; also sums that are larger than one amount may be."""
    digits = str(abs(minor)).rjust(currency.exponent + 1, "0")
    cut = len(digits) - currency.exponent
    sign = "-" if minor < 0 else ""
    return sign + digits[:cut] + ("." + digits[cut:] if currency.exponent else "")


def divide_half_even(numerator: int, denominator: int) -> int:
    """Return the quotient rounded to the nearest integer, an exact half to the even one: the one rounding function.

    Half to even has no bias over many roundings, and treats a debit as the mirror of a credit. Source: IEEE 754-2019,
    4.3.1, roundTiesToEven.

    Raises:
        ZeroDivisionError: the denominator is zero.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient % 2 == 1):
        return quotient + 1
    return quotient


def allocate(amount: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Split an amount by weights so that the parts sum to it exactly: the largest remainder method.

    Every part differs from its exact share by less than one minor unit; leftover units go to the largest remainders,
    and among equal remainders to the earlier position, so the same input gives the same parts. A negative amount is
    split as its positive and negated.

    Source: Hamilton's method; see Balinski and Young, Fair Representation, 1982, chapter 2.

    Raises:
        UnableToAllocate: no weights, a negative weight, or all weights zero.
    """
    total = sum(weights)
    if not weights or min(weights) < 0 or total == 0:
        msg = "An amount is split by weights that are not negative and not all zero."
        raise UnableToAllocate(msg)
    size = abs(amount.minor)
    parts, remainders = map(list, zip(*(divmod(size * weight, total) for weight in weights), strict=True))
    by_remainder = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in by_remainder[: size - sum(parts)]:
        parts[i] += 1
    sign = -1 if amount.minor < 0 else 1
    return tuple(Money(sign * part, amount.currency) for part in parts)
