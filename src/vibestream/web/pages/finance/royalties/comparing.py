"""What both engines give to whom, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.payment.royalties.service import EngineName, PayeeShare
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.shown import Names, Person

MOST_PAYEES: Final = 100
"""Payees of a comparison that are shown, those with the largest difference first."""
_BARS: Final = 12


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """What both engines give to one payee."""

    person: Person
    pro_rata: Money
    user_centric: Money
    difference: Money
    payable: Money
    side: str
    """Whom the difference is good for: `more` under user-centric, `less`, or `same`."""
    share: int
    """Of the largest difference, in twelfths."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both engines side by side."""

    engine: str
    pool: Money
    pro_rata: Money
    user_centric: Money
    unallocated: Money
    payees: int
    rows: tuple[DifferenceRow, ...]


async def comparison_of(
    tx: Tx,
    *,
    shares: Iterable[PayeeShare],
    engine: EngineName,
    pool: int,
    allocated: Mapping[EngineName, int],
    payees: int,
    currency: Currency,
    spoken: Language,
) -> Comparison:
    """Return what both engines give to payees, with their names.

    Args:
        tx: the caller's transaction.
        shares: the payees to show.
        engine: the one by which the pool is, or would be, paid.
        pool: what is shared, in the smallest units of the currency.
        allocated: what each engine gives away of it.
        payees: how many there are in all.
        currency: of all amounts.
        spoken: the reader's language.
    """
    found = list(shares)
    names = await shown.names_of(tx, [one.payee_id for one in found])
    most = max((abs(one.user_centric - one.pro_rata) for one in found), default=0)
    return Comparison(
        engine=words.word(words.ENGINES, engine, spoken),
        pool=Money(pool, currency),
        pro_rata=Money(allocated.get(EngineName.PRO_RATA, 0), currency),
        user_centric=Money(allocated.get(EngineName.USER_CENTRIC, 0), currency),
        unallocated=Money(pool - allocated.get(engine, 0), currency),
        payees=payees,
        rows=tuple(_difference(one, names, currency, most=most) for one in found),
    )


def _difference(one: PayeeShare, names: Names, currency: Currency, *, most: int) -> DifferenceRow:
    difference = one.user_centric - one.pro_rata
    return DifferenceRow(
        person=shown.person(one.payee_id, names),
        pro_rata=Money(one.pro_rata, currency),
        user_centric=Money(one.user_centric, currency),
        difference=Money(difference, currency),
        payable=Money(one.settlement.payable, currency),
        side="more" if difference > 0 else "less" if difference < 0 else "same",
        share=-(-abs(difference) * _BARS // most) if most else 0,
    )
