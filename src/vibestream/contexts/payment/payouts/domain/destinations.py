"""Where a payee wants money sent, and how long a change of that waits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.payouts.domain.terms import NotPayable
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.ids import UserId

CHANGE_DELAY: Final = timedelta(hours=72)
"""For so long nothing is paid out after a change, and its owner, who is told of it, can undo it: whoever took an account
over changes this first."""

_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])")
_STRIPE_ACCOUNT: Final = re.compile(r"acct_[A-Za-z0-9_]{1,100}")


class DestinationInvalid(InvalidInput):
    """No money can be sent to what was given."""

    code: ClassVar[str] = "payouts.destination_invalid"


class NothingToUndo(Conflict):
    """There is no change that still waits."""

    code: ClassVar[str] = "payouts.nothing_to_undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where money of one payee is sent."""

    destination_id: UUID
    user_id: UserId
    method: GatewayName
    address: str
    """A connected account at Stripe, an e-mail address at PayPal."""
    ready: bool
    """The gateway takes money for it."""
    set_at: datetime
    usable_from: datetime
    frozen_until: datetime | None = None
    """Nothing is sent before this, whatever is changed here: the address of the payee's account was changed."""

    @property
    def shown(self) -> str:
        """The address as other eyes than its owner's may see it."""
        name, at, host = self.address.partition("@")
        return f"{name[:2]}…@{host}" if at else f"…{self.address[-4:]}"

    def check_usable(self, now: datetime) -> None:
        """Return when money can be sent there.

        Raises:
            NotPayable: the change is too new, or the gateway does not take money for it yet.
        """
        if self.frozen_until is not None and now < self.frozen_until:
            raise NotPayable(
                f"The account's e-mail address was changed; nothing is paid out before {self.frozen_until:%Y-%m-%d %H:%M} UTC.",
                reason="address_changed",
            )
        if now < self.usable_from:
            raise NotPayable(
                f"The destination was changed; nothing is paid out before {self.usable_from:%Y-%m-%d %H:%M} UTC.",
                reason="destination_waits",
            )
        if not self.ready:
            raise NotPayable(
                "The gateway still asks the payee for something before it takes money for them.",
                reason="destination_unready",
            )


def read_address(method: GatewayName, text: str) -> str:
    """Return an address in the form in which it is kept.

    Raises:
        DestinationInvalid: no money can be sent to it by this method.
    """
    if method is GatewayName.PAYPAL:
        address = text.strip().lower()
        if _EMAIL.fullmatch(address) is None or ".." in address:
            raise DestinationInvalid("PayPal pays to an e-mail address such as you@example.org.")
        return address
    if method is GatewayName.STRIPE:
        if _STRIPE_ACCOUNT.fullmatch(text) is None:
            raise DestinationInvalid("Stripe pays to a connected account such as acct_123.")
        return text
    raise DestinationInvalid("Nothing is paid out by this gateway here.")


def usable_from(*, before: Destination | None, now: datetime) -> datetime:
    """Return from when on a destination that is set now is used: the first at once, a changed one after the delay."""
    return now if before is None else now + CHANGE_DELAY
