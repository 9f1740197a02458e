"""The seam to what a person owns of songs: the account's page asks whoever knows, and no query reaches into another's tables.

The composition root gives the web process a `Holdings` among the runtime's parts once shares are offered. Without one, the
page says that they are not: it shows no holdings that nobody has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable

from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Holding:
    """What a person holds of one song, as of a day: shares, what they paid, what they are worth, and what they earned."""

    title: str
    href: str
    shares: int
    paid: Money
    worth: Money | None
    """At the last price; None: there is none."""
    income: Money
    """Distributed to its holder so far."""
    as_of: date

    @property
    def gain(self) -> Money | None:
        """What it is worth and earned, less what was paid; None where it has no price, or not in one currency."""
        if self.worth is None or len({one.currency for one in (self.worth, self.paid, self.income)}) > 1:
            return None
        return self.worth + self.income - self.paid


@runtime_checkable
class Holdings(Protocol):
    """Whoever knows what people hold. The ownership context is behind it."""

    async def holdings_of(self, tx: Tx, *, user_id: UserId) -> Sequence[Holding]:
        """Return what one person holds, and nothing of anybody else."""


def holdings_in(runtime: Runtime) -> Holdings | None:
    """Return whoever knows what people hold; None where shares are not offered."""
    found = runtime.parts.get(Holdings)
    return found if isinstance(found, Holdings) else None
