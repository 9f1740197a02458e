"""By which methods money is paid out, from which amount on, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.money import Currency, Money

METHODS: Final = (GatewayName.STRIPE, GatewayName.PAYPAL)
"""Gateways that pay out. Coinbase's checkouts take money only."""

TWO_PEOPLE: Final = 2
KEY_REMEMBERED: Final = {GatewayName.STRIPE: timedelta(hours=20), GatewayName.PAYPAL: timedelta(days=25)}
"""For how long a call may be repeated under its key: the gateway's memory, less a margin. After that, the same call could
pay a second time, and a person has to look.

Source: docs.stripe.com/api/idempotent_requests (keys may be removed after at least 24 hours);
developer.paypal.com/api/payments.payouts-batch/v1 (`sender_batch_id` is refused again for 30 days)."""


class NotPayable(Conflict):
    """Nothing can be paid out now; `reason` is a stable word of why."""

    code: ClassVar[str] = "payouts.not_payable"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
        """`no_destination`, `destination_waits`, `destination_unready`, `currency`."""


class BelowMinimum(InvalidInput):
    """Less than the method pays out at once."""

    code: ClassVar[str] = "payouts.below_minimum"

    def __init__(self, *, minimum: Money) -> None:
        super().__init__(f"The least that is paid out this way is {minimum}.")
        self.minimum = str(minimum)


class AboveAvailable(Conflict):
    """More than is available, after what is owed."""

    code: ClassVar[str] = "payouts.above_available"

    def __init__(self, *, available: Money) -> None:
        super().__init__(f"No more than {available} can be paid out.")
        self.available = str(available)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for payouts by one method in one currency."""

    method: GatewayName
    minimum: Money
    """The least that is paid out at once."""
    fee: Money
    fee_bp: int
    """Kept of each payout beside `fee`, in basis points of it."""
    four_eyes_above: Money
    """Larger payouts need two people of finance."""

    @property
    def currency(self) -> Currency:
        """The currency that they are about."""
        return self.minimum.currency

    def fee_of(self, gross: Money) -> Money:
        """Return what is kept of a payout of this amount; never all of it, from the minimum on."""
        return self.fee + gross.share(rate_bp=self.fee_bp)

    def needs_approvals(self, gross: Money) -> int:
        """Return how many people of finance have to agree to such an amount: two above the limit, else nobody."""
        return TWO_PEOPLE if self.four_eyes_above < gross else 0


@dataclass(frozen=True, slots=True)
class Amounts:
    """How what a payee has becomes a payout."""

    owed: Money
    """Taken first, of what is available, for what was paid to them too much before."""
    gross: Money
    """Leaves their balance."""
    fee: Money

    @property
    def net(self) -> Money:
        """What is sent."""
        return self.gross - self.fee


def divide(*, available: Money, debt: Money, asked: Money | None, terms: Terms) -> Amounts:
    """Return what is owed, taken and kept, when a payee with this balance asks for an amount, or for everything.

    Args:
        available: what they have, not negative.
        debt: what they owe, as a positive amount.
        asked: what they want to leave their balance; None: all that is left after what they owe.
        terms: of the method and currency.

    Raises:
        AboveAvailable: more was asked for than is left.
        BelowMinimum: less than the minimum was asked for, or is left.
    """
    owed = min(available, debt, key=lambda amount: amount.minor)
    left = available - owed
    gross = left if asked is None else asked
    if gross < terms.minimum:
        raise BelowMinimum(minimum=terms.minimum)
    if left < gross:
        raise AboveAvailable(available=left)
    return Amounts(owed=owed, gross=gross, fee=terms.fee_of(gross))
