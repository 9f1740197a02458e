"""What keeps somebody from leaving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from vibestream.kernel.errors import Conflict
from vibestream.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """How many of somebody's movements of money are not over."""

    payments: int
    refunds: int
    disputes: int
    payouts: int
    holds: int

    @property
    def nothing(self) -> bool:
        """Whether all of it is over."""
        return not (self.payments or self.refunds or self.disputes or self.payouts or self.holds)


class MoneyUnderWay(Conflict):
    """A payment, refund, dispute or payout is not over: until it is, somebody must be there whom it concerns."""

    code: ClassVar[str] = "leaving.money_under_way"

    def __init__(self, found: UnderWay) -> None:
        super().__init__("Money of yours is still on its way. Wait until it has arrived, or call it off.")
        self.payments = found.payments
        self.refunds = found.refunds
        self.disputes = found.disputes
        self.payouts = found.payouts
        self.holds = found.holds


class MoneyLeft(Conflict):
    """There is money, and it was not given up."""

    code: ClassVar[str] = "leaving.money_left"

    def __init__(self, left: Sequence[Money]) -> None:
        super().__init__(
            "There is something left in your wallet or earnings. Spend it, have it paid out, or give it up."
        )
        self.left = [str(one) for one in left]
