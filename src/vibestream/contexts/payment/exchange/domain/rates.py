"""Rates, and what an amount is worth at one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.money import BASIS_POINTS, MAX_MINOR, VIBE, Currency, Money

SCALE: Final = 10**10
"""A rate of 1 as a whole number: rates have ten decimals."""
MOST_SPREAD_BP: Final = 5_000
_RATE: Final = re.compile(r"(\d{1,9})(?:\.(\d{1,10}))?")


class InvalidRate(InvalidInput):
    """A rate that could not be right."""

    code: ClassVar[str] = "exchange.invalid_rate"


class AmountTooSmall(InvalidInput):
    """So little that it is worth nothing in the other currency."""

    code: ClassVar[str] = "exchange.amount_too_small"


class AmountTooLarge(InvalidInput):
    """So much that it is worth more in the other currency than the ledger can hold."""

    code: ClassVar[str] = "exchange.amount_too_large"


class NotExchangeable(Conflict):
    """There is no way from the one currency to the other."""

    code: ClassVar[str] = "exchange.not_exchangeable"


@dataclass(frozen=True, slots=True)
class Rate:
    """What one whole unit of a base currency is worth in a quote currency, from an instant on.

    Raises:
        InvalidRate: not positive, a spread that is none, a pair the wrong way round, or an end before the beginning.
    """

    rate_id: UUID
    base: Currency
    quote: Currency
    value_e10: int
    """In ten-thousand-millionths; the middle, from which the spread is taken on either side."""
    spread_bp: int
    """What the platform keeps of every exchange, in basis points."""
    source: str
    """Where it comes from, such as a central bank and the day of its fixing."""
    effective_from: datetime
    effective_until: datetime | None

    def __post_init__(self) -> None:
        if not 0 < self.value_e10 <= MAX_MINOR:
            raise InvalidRate("A rate is a positive number.")
        if not 0 <= self.spread_bp <= MOST_SPREAD_BP:
            raise InvalidRate(f"A spread is between 0 and {MOST_SPREAD_BP} basis points.")
        if pair_of(self.base, self.quote) != (self.base, self.quote):
            raise InvalidRate(f"State this rate the other way round, as {self.quote.code}/{self.base.code}.")
        if self.effective_until is not None and self.effective_until <= self.effective_from:
            raise InvalidRate("A rate ends after it begins.")

    @property
    def decimal(self) -> str:
        """The rate as a plain decimal."""
        whole, fraction = divmod(self.value_e10, SCALE)
        return f"{whole}.{fraction:010d}".rstrip("0").rstrip(".")

    def is_good_at(self, instant: datetime) -> bool:
        """Say whether the rate has begun and not ended."""
        return self.effective_from <= instant and (self.effective_until is None or instant < self.effective_until)


def pair_of(one: Currency, other: Currency) -> tuple[Currency, Currency]:
    """Return two currencies as a rate names them: VIBE first, otherwise by code.

    Raises:
        InvalidRate: they are the same.
    """
    if one == other:
        raise InvalidRate("A rate is between two currencies.")
    if VIBE in {one, other}:
        return (one, other) if one == VIBE else (other, one)
    return (one, other) if one.code < other.code else (other, one)


def parse_rate(text: str) -> int:
    """Read a plain decimal of up to ten decimals as ten-thousand-millionths, exactly.

    Raises:
        InvalidRate: it is something else, zero, or too large.
    """
    match = _RATE.fullmatch(text) if text.isascii() else None
    value = int(match[1]) * SCALE + int((match[2] or "").ljust(10, "0")) if match else 0
    if not 0 < value <= MAX_MINOR:
        raise InvalidRate("A rate is a positive decimal such as 1.0842, with at most ten decimals.")
    return value


def converted(amount: Money, *, rate: Rate, into: Currency, spread: bool = True, up: bool = False) -> Money:
    """Return what an amount is worth in the other currency of a rate, rounded down to the minor unit.

    Down is in the platform's favour, by less than one minor unit of what is bought; an exchange there and back never gains.

    Args:
        amount: how much, not negative, in one of the rate's currencies.
        rate: the rate.
        into: its other currency.
        spread: whether the platform's share is taken off; not for what is owed as a whole.
        up: round up instead, for what is set aside.

    Raises:
        NotExchangeable: the rate is between other currencies.
        AmountTooLarge: the ledger could not hold it.
    """
    kept = BASIS_POINTS - (rate.spread_bp if spread else 0)
    if (amount.currency, into) == (rate.base, rate.quote):
        numerator = amount.minor * rate.value_e10 * kept * 10**into.exponent
        denominator = SCALE * BASIS_POINTS * 10**amount.currency.exponent
    elif (amount.currency, into) == (rate.quote, rate.base):
        numerator = amount.minor * SCALE * kept * 10**into.exponent
        denominator = rate.value_e10 * BASIS_POINTS * 10**amount.currency.exponent
    else:
        raise NotExchangeable(f"This rate is between {rate.base.code} and {rate.quote.code}.")
    minor = -(-numerator // denominator) if up else numerator // denominator
    if minor > MAX_MINOR:
        raise AmountTooLarge("This is more than can be exchanged at once.")
    return Money(minor, into)
