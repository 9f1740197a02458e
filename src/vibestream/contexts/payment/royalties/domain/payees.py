"""From what a payee earned to what is paid: recoupment, withholding, debt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vibestream.contexts.payment.royalties.domain.policy import InvalidPolicy
from vibestream.kernel.money import BASIS_POINTS, divide_half_even


@dataclass(frozen=True, slots=True)
class Standing:
    """What is to be kept of a payee's earnings before they are paid, in minor units of the run's currency."""

    advance: int = 0
    """Advanced and not yet recouped."""
    debt: int = 0
    """Was paid too much earlier."""
    country: str | None = None
    rate_bp: int = 0
    """Withheld for the country's tax office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A payee's earnings of a run, and where they go: the four parts sum to what was earned."""

    earned: int
    recouped: int
    country: str | None
    rate_bp: int
    withheld: int
    repaid: int
    payable: int


@dataclass(frozen=True, slots=True)
class Rate:
    """What part of royalties a country's tax office gets, from a month on."""

    country: str
    effective_from: date
    rate_bp: int


def settle(earned: int, standing: Standing) -> Settlement:
    """Divide a payee's earnings: first an advance is recouped, then tax withheld, then a debt repaid; the rest is payable.

    An advance was paid out as earnings of its own, so what recoups it is not taxed again; a debt is repaid out of what
    is left after tax. The tax is rounded half to even.
    """
    recouped = min(earned, standing.advance)
    taxed = earned - recouped
    withheld = divide_half_even(taxed * standing.rate_bp, BASIS_POINTS)
    repaid = min(taxed - withheld, standing.debt)
    return Settlement(
        earned=earned,
        recouped=recouped,
        country=standing.country,
        rate_bp=standing.rate_bp,
        withheld=withheld,
        repaid=repaid,
        payable=taxed - withheld - repaid,
    )


def rate_of(rates: Sequence[Rate], *, country: str | None, month: date) -> int:
    """Return the basis points withheld for a country in a month; none without a rate."""
    found = [one for one in rates if one.country == country and one.effective_from <= month]
    return max(found, key=lambda one: one.effective_from).rate_bp if found else 0


def require_rate(rate_bp: int) -> int:
    """Return a rate that a part can be withheld by.

    Raises:
        InvalidPolicy: it is none.
    """
    if not 0 <= rate_bp <= BASIS_POINTS:
        raise InvalidPolicy("A rate has 0 to 10,000 basis points.")
    return rate_bp
